"""What temperature and cut-offs do to the next token."""
