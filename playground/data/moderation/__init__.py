"""Banned content: policies, the lists they name, and what else the rail reads."""
