"""From a folder to an engine: token ids in, logits out."""
