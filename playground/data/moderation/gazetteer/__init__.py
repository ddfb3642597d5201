"""Lists of states, offices and people that a policy may name."""
