"""The masked transformer and its sampler."""

from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.sampler import GuidedLogits, SampleStep, sample_tokens

__all__ = ["GuidedLogits", "MaskGit", "SampleStep", "TextMemory", "sample_tokens"]
