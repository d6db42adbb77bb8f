"""The status page: what employees, or the world, are told of the services. Made from what was published, and from nothing else."""

from __future__ import annotations

from incidents.statuspage.announcing import announce
from incidents.statuspage.keeping import folder, keep, kept
from incidents.statuspage.picture import Picture, may_read, picture, updates
from incidents.statuspage.subscribing import ask, confirm, stop, tell

__all__ = ["Picture", "announce", "ask", "confirm", "folder", "keep", "kept", "may_read", "picture", "stop", "tell", "updates"]
