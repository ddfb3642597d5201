"""The numeric core: every formula once, NumPy alone."""
