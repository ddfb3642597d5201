"""Logits in, text out."""
