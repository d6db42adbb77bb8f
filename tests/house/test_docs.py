"""The documentation names what there is: pages, links, settings, commands, senders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.sources.speakers import SPEAKERS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("http://", "https://", "mailto:")


def nav(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for each in part:
            yield from nav(each)
    else:
        yield from nav(list(part.values()))


def anchors(page: Path) -> set[str]:
    """The headings of a page as mkdocs names them."""
    heads = re.findall(r"^#+ +(.+?) *$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


def told(page: str) -> set[str]:
    """What stands first in the rows of a page's tables, as code."""
    return set(re.findall(r"^\| `([^`\s]+)", (DOCS / page).read_text(), re.MULTILINE))


def test_the_site_leads_to_every_page_it_names_and_names_none_twice() -> None:
    named = list(nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert [name for name in named if not (DOCS / name).is_file()] == []
    assert len(named) == len(set(named))


def test_every_page_is_in_the_site() -> None:
    named = set(nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert [str(page.relative_to(DOCS)) for page in PAGES if str(page.relative_to(DOCS)) not in named] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if link.startswith(ELSEWHERE):
            continue
        name, _hash, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def test_every_setting_is_told() -> None:
    asked = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked - told("settings.md") == set()
    assert told("settings.md") - asked == set()


def test_every_command_is_told() -> None:
    found = {path.stem for path in ROOT.glob("*/**/management/commands/*.py") if ".venv" not in path.parts and path.stem != "__init__"}
    assert found - told("commands.md") == set()
    assert told("commands.md") - found == set()


@pytest.mark.parametrize("sender", SPEAKERS)
def test_every_sender_has_a_page_with_its_address(sender: str) -> None:
    page = (DOCS / "integrator" / f"{sender}.md").read_text()
    assert f"/in/{sender}/" in page
    assert "TOKEN" in page
