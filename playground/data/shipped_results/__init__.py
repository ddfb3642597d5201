"""Questions with their keys, for the hallucination lab."""
