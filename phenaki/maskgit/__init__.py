"""The masked transformer and its sampler."""

from phenaki.maskgit.critic import TokenCritic
from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.refinement import Refinement, refinement_for
from phenaki.maskgit.sampler import SampleStep, sample_tokens

__all__ = ["MaskGit", "Refinement", "SampleStep", "TextMemory", "TokenCritic", "refinement_for", "sample_tokens"]
