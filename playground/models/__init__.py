"""Real weights in, logits out; the only folder that imports torch."""
