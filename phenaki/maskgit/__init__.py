"""The masked transformer and its sampler."""

from phenaki.maskgit.guidance import GuidedLogits
from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.refine import RefineMasked
from phenaki.maskgit.sampler import SampleStep, StepPlan, sample_tokens

__all__ = ["GuidedLogits", "MaskGit", "RefineMasked", "SampleStep", "StepPlan", "TextMemory", "sample_tokens"]
