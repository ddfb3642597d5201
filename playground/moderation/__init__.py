"""Banned content: what is found in a text, by which rule, where, and what is to be done."""
