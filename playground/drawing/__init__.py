"""Pictures that several labs draw, as HTML; no page and no server."""
