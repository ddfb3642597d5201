"""Words and phrases that are looked for, by category."""
