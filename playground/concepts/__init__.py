"""One file a lab: what it shows, computed; no page, no terminal."""
