"""Text: prompts in, token vectors out."""

from phenaki.text.encoder import TextEncoder, load_text_encoder

__all__ = ["TextEncoder", "load_text_encoder"]
