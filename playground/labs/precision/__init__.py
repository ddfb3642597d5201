"""What fewer bits cost and save."""
