"""The acceptance world: a desk in which time is moved by hand and every provider is in the same process. Never part of a start."""

from __future__ import annotations
