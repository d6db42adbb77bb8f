"""What granian serves for the reference."""

from __future__ import annotations

from bench.bare import application as made

application = made()
