"""From messages to a prompt that fits the context window."""
