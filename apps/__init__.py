"""What a person touches: command line, server, page."""
