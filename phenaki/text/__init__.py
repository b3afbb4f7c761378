"""Text: prompts in, token vectors out."""

from phenaki.text.encoder import TextEncoder, encode_alike, load_text_encoder

__all__ = ["TextEncoder", "encode_alike", "load_text_encoder"]
