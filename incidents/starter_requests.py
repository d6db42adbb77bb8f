"""The kinds of request a desk begins with, and what is asked with each. Stored text, in the language of the house."""

from __future__ import annotations

from typing import Any

TYPES: dict[str, dict[str, Any]] = {
    "access": {
        "name": "Access to something",
        "description": "A folder, a program, a mailbox, a building.",
        "message": "Your line manager is asked first. Then it takes a working day.",
        "approved_by": "line_manager",
    },
    "equipment": {
        "name": "Equipment",
        "description": "A laptop, a screen, a phone, or something to plug in.",
        "message": "Your line manager is asked first. We write to you when it is there.",
        "approved_by": "line_manager",
        "checklist": ["Order it or take it from stock", "Note the serial number", "Hand it over"],
    },
    "joiner": {
        "name": "Somebody starts",
        "description": "Account, equipment and access for a new colleague.",
        "message": "Tell us five working days before the first day. We prepare everything and write to you.",
        "approved_by": "line_manager",
        "checklist": ["Welcome letter with the first password", "Induction arranged"],
        "tasks": [{"title": "Account and mailbox"}, {"title": "Equipment"}, {"title": "Access to folders and programs"}],
    },
    "leaver": {
        "name": "Somebody leaves",
        "description": "Close accounts, take equipment back, pass on what is open.",
        "message": "We close the accounts at the end of the last day. Tell us at once where it must be sooner.",
        "approved_by": "line_manager",
        "checklist": ["Mailbox handed to the line manager", "On-call turns and ownership handed on"],
        "tasks": [{"title": "Close accounts and sign out everywhere"}, {"title": "Take equipment back"}],
    },
}
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"category": "access", "key": "system", "label": "To what?", "needed": "asked"},
    {"category": "access", "key": "until", "label": "Until when, if not for good?", "kind": "date"},
    {"category": "equipment", "key": "what", "label": "What kind?", "kind": "choice", "needed": "asked",
     "choices": ["Laptop", "Screen", "Phone", "Something else"]},
    {"category": "equipment", "key": "serial", "label": "Serial number", "needed": "solved", "is_for_staff": True,
     "when_key": "what", "when_value": "Laptop"},
    {"category": "joiner", "key": "first_day", "label": "First day", "kind": "date"},
    {"category": "leaver", "key": "last_day", "label": "Last day", "kind": "date"},
)  # fmt: skip
