"""The hallucination lab: which signals give an invented answer away, how far each is trusted."""
