"""The tokenizer: C-ViViT."""

from phenaki.cvivit.model import CViViT
from phenaki.cvivit.recorded import RecordedDecoder

__all__ = ["CViViT", "RecordedDecoder"]
