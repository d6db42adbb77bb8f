"""What the desk costs, measured against references in the same run. Never a test: see docs/performance.md."""
