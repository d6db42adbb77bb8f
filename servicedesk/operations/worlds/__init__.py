"""Ready-made worlds: the demo company, and the acceptance world that stands on it."""
