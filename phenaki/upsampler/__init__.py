"""Sharp pictures of four times the size out of the tokenizer's soft ones."""

from phenaki.upsampler.model import SCALE, Upsampler, UpsamplerConfig
from phenaki.upsampler.saved import PART, load_upsampler, save_upsampler

__all__ = ["PART", "SCALE", "Upsampler", "UpsamplerConfig", "load_upsampler", "save_upsampler"]
