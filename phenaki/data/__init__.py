"""Videos and pictures of one's own, with their captions: files, arrays and words, no model."""
