"""The masked transformer and its sampler."""

from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.refine import RefineMasked
from phenaki.maskgit.sampler import SampleStep, StepPlan, sample_tokens

__all__ = [
    "GuidedLogits",
    "MaskGit",
    "RefineMasked",
    "SampleStep",
    "StepPlan",
    "TextMemory",
    "guided_memory",
    "sample_tokens",
]
