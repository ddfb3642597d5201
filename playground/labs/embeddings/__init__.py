"""Meaning as places."""
