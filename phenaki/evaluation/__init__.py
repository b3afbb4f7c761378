"""How good a model of the rendered world is, measured by a judge network that ships with its own accuracy."""

from phenaki.evaluation.evaluate import EvaluationSize, Watcher, evaluate
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.figures import Share
from phenaki.evaluation.judge import WorldJudge, load_judge
from phenaki.evaluation.report import Report
from phenaki.evaluation.run import run_evaluation

__all__ = [
    "ClipFacts",
    "EvaluationSize",
    "Report",
    "Share",
    "Watcher",
    "WorldJudge",
    "evaluate",
    "load_judge",
    "run_evaluation",
]
