"""What is said, read from the code; and what translators made of it, read from .po files. No GNU gettext is needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop", "later"}
MANY = {"ngettext", "ngettext_lazy", "later_of"}
PLACED = {"pgettext", "pgettext_lazy"}
LITERAL = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"\b(n?p?gettext|_)\(u?({LITERAL}(?:, ?{LITERAL})?)")
LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$')

Key = tuple[str, str]  # context, msgid


@dataclass(frozen=True)
class Entry:
    key: Key
    plural: str
    said: tuple[str, ...]  # one form, or two
    flags: str


def keys_of(path: Path) -> set[Key]:
    """Every marked sentence of a module or template."""
    source = path.read_text()
    return set(_of_module(source) if path.suffix == ".py" else _of_template(source))


def _of_module(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if name in ONE | MANY and words:
            yield "", words[0]
        elif name in PLACED and len(words) > 1:
            yield words[0], words[1]


def _of_template(source: str) -> Iterator[Key]:
    for name, written in IN_TEMPLATE.findall(templatize(source)):
        words = ast.literal_eval(f"({written},)")
        yield (words[0], words[1]) if name == "pgettext" else ("", words[0])


def entries(path: Path) -> list[Entry]:
    """A .po file's entries, without its header."""
    found = [_entry(block) for block in path.read_text().split("\n\n")]
    return [entry for entry in found if entry is not None and entry.key[1]]


def _entry(block: str) -> Entry | None:
    parts: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        match = LINE.match(line)
        if match:
            name = match[1]
            parts[name] = ast.literal_eval(match[2])
        elif line.startswith('"'):
            parts[name] += ast.literal_eval(line)
    if "msgid" not in parts:
        return None
    said = tuple(value for name, value in parts.items() if name.startswith("msgstr"))
    flags = " ".join(line for line in block.splitlines() if line.startswith("#,"))
    return Entry((parts.get("msgctxt", ""), parts["msgid"]), parts.get("msgid_plural", ""), said, flags)
