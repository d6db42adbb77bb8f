"""What journeys have in common: signing in, and what a page weighs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Page, Response

from servicedesk.operations.worlds.company import PASSWORD
from tests.e2e.client import CODE, Desk

OFF = {"java_script_enabled": False}
PHONE = {"width": 360, "height": 740}


def sign_in(page: Page, desk: Desk, who: str, *, then: str = "/") -> None:
    page.goto(f"{desk.url}/login/?next={then}")
    enter(page, who)
    page.wait_for_url(f"{desk.url}{then}")


def enter(page: Page, who: str) -> None:
    """What is typed at the door."""
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if who == "adam":  # he alone has a second factor
        page.get_by_label("Code").fill(CODE)
        page.get_by_role("button", name="Continue").click()


@dataclass
class Scales:
    """Everything a browser asks for from now on, and its weight on the wire."""

    answers: list[Response] = field(default_factory=list)

    def of(self, context: BrowserContext) -> Scales:
        context.on("response", lambda answer: self.answers.append(answer))
        return self

    @property
    def requests(self) -> int:
        return len([answer for answer in self.answers if not answer.url.startswith("data:")])

    @property
    def size(self) -> int:
        return sum(self._sizes(answer) for answer in self.answers)

    def _sizes(self, answer: Response) -> int:
        told: Any = answer.request.sizes()
        return int(told["responseBodySize"] + told["responseHeadersSize"])
