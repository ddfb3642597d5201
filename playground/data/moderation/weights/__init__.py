"""Weights of words around the terms of a policy."""
