"""Conversations: no HTML, no HTTP."""
