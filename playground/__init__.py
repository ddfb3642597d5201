"""The LLM Playground: a real small language model in a person's hands."""

__version__ = "0.1.0"
