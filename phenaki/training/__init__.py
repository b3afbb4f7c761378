"""Training of the tokenizer, the masked transformer and the judge on the rendered world."""
