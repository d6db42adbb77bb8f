"""A real Chromium, once a session; each test gets a fresh context."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WATCH = "window.__csp=[];document.addEventListener('securitypolicyviolation',e=>__csp.push(e.violatedDirective+' '+e.blockedURI))"
FOUND = """async tags => (await axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values: tags}}))
  .violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' ')))"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # playwright's loop runs in this thread, where Django would refuse the database
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Any]:
    """open_page(url, width=1280, **context) -> Page: complains of nothing, or the test fails (unless quiet=False)."""
    contexts, complaints = [], []

    def opened(url: str, *, width: int = 1280, height: int = 900, quiet: bool = True, **context: Any) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **context))
        page = contexts[-1].new_page()
        page.add_init_script(WATCH)
        if quiet:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        complaints.extend(page.evaluate("window.__csp || []") if context.get("java_script_enabled", True) else [])
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def faults(page: Page) -> list[str]:
    """What axe has against the page."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(FOUND, TAGS)
    return found


def sideways(page: Page) -> int:
    """How many pixels the page can be scrolled to the side."""
    hidden: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return hidden
