"""The tokenizer: C-ViViT."""

from phenaki.cvivit.model import CViViT

__all__ = ["CViViT"]
