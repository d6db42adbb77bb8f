"""The styleguide in a real Chromium: every component, both themes, three widths, and what desk.js adds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import faults, sideways

pytestmark = pytest.mark.browser
ROWS = "#queue tbody tr"


@pytest.fixture
def guide(live_server: Any, settings: Any) -> str:
    settings.STYLEGUIDE = True
    return f"{live_server.url}/styleguide/"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 320])
@pytest.mark.parametrize("shell", ["staff", "portal", "bare"])
def test_axe_finds_nothing_and_nothing_stands_out_sideways(open_page: Any, guide: str, shell: str, width: int, theme: str) -> None:
    page = open_page(f"{guide}?shell={shell}", width=width, color_scheme=theme)
    assert sideways(page) == 0
    assert faults(page) == []


def test_forced_colours_and_reduced_motion_hold(open_page: Any, guide: str) -> None:
    page = open_page(guide, forced_colors="active", reduced_motion="reduce")
    page.locator("[aria-label='Both themes']").evaluate("shown => shown.remove()")  # a page has one theme; axe misreads the other
    assert faults(page) == []
    assert page.evaluate("document.getAnimations().length") == 0


def test_text_spacing_of_the_reader_cuts_nothing_off(open_page: Any, guide: str) -> None:
    page = open_page(guide, width=320, bypass_csp=True)
    page.add_style_tag(content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }")
    assert sideways(page) == 0


@pytest.mark.parametrize(("density", "height"), [("compact", 32), ("", 40), ("relaxed", 48)])
def test_a_row_is_as_high_as_its_density(open_page: Any, guide: str, density: str, height: int) -> None:
    box = open_page(f"{guide}?density={density}").locator("#row-T-1031").bounding_box()
    assert box["height"] == pytest.approx(height, abs=1)


def test_without_scripts_nothing_promises_what_needs_one(open_page: Any, guide: str) -> None:
    page = open_page(guide, java_script_enabled=False)
    assert page.locator(".needs-js:visible").count() == 0
    expect(page.get_by_label("About how many?")).to_be_visible()


# Keys


def test_j_and_k_move_along_the_rows_and_the_focus_with_them(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("j")
    expect(page.locator(ROWS).nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(ROWS).nth(0)).to_be_focused()
    assert page.locator("[aria-current=true][data-row]").count() == 1


def test_x_selects_and_escape_clears(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("2")  # one is selected in the example
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk]")).to_be_hidden()


def test_a_bulk_key_with_nothing_selected_takes_the_current_row(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.locator("[data-clear]").click()
    page.keyboard.press("p")
    expect(page.get_by_label("Select T-1016")).to_be_checked()
    expect(page.locator(".bulk .menu-box")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Select T-1016")).not_to_be_checked()


def test_keys_inside_an_open_menu_press_what_stands_there(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.evaluate("addEventListener('click', e => { window.pressed = e.target.closest('button')?.getAttribute('aria-keyshortcuts') })")
    page.keyboard.press("p")
    page.keyboard.press("3")
    assert page.evaluate("window.pressed") == "3"


def test_letters_typed_into_a_field_are_letters(open_page: Any, guide: str) -> None:
    page = open_page(guide)
    field = page.get_by_label("Reply to Ella", exact=True).last
    field.fill("")
    field.press_sequentially("jkxaispeg?")
    expect(field).to_have_value("jkxaispeg?")
    expect(page.locator("#keys")).to_be_hidden()


def test_single_keys_can_be_switched_off(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("?")
    page.get_by_label("Single keys work").select_option("off")
    page.keyboard.press("Escape")
    page.locator(ROWS).first.focus()
    page.keyboard.press("j")
    expect(page.locator(ROWS).first).to_be_focused()


def test_g_then_i_goes_to_the_incidents(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("g")
    page.keyboard.press("i")
    assert page.url.endswith("#incidents")


def test_slash_goes_to_the_search(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("/")
    expect(page.locator("input[type=search]:visible").first).to_be_focused()


def test_the_question_mark_shows_the_keys_of_the_page(open_page: Any, guide: str) -> None:
    page = on_the_first_row(open_page(guide))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard keys")).to_be_visible()
    expect(page.locator("#keys li", has_text="Assign")).to_have_text("Assigna")  # the page's own keys are listed
    expect(page.locator("#keys li", has_text="Previous ticket")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


# What lasts


def test_a_chosen_theme_is_there_on_the_next_page(open_page: Any, guide: str) -> None:
    page = open_page(f"{guide}?shell=portal", color_scheme="light")
    page.get_by_label("Menu of Ana").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_times_tick_from_the_servers_moments(open_page: Any, guide: str) -> None:
    page = open_page("about:blank")
    page.clock.install()
    page.goto(guide)
    clock = page.locator("#row-T-1031 .clock-line time")
    expect(clock).to_have_text("11 min left")
    page.clock.fast_forward("05:00")
    expect(clock).to_have_text(re.compile("[56] min left"))


def test_a_form_is_sent_once_however_often_it_is_pressed(open_page: Any, guide: str) -> None:
    page, sent = open_page(guide), []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.route("**/styleguide/**", lambda route: route.fulfill(status=204) if route.request.method == "POST" else route.continue_())
    twice = "() => { const send = document.querySelector('#forms [data-busy]'); send.click(); send.click(); return send.textContent }"
    assert page.evaluate(twice) == "Sending…"
    page.wait_for_timeout(300)
    assert len(sent) == 1


def test_an_error_stays_until_it_is_closed_and_is_kept_in_the_bell(open_page: Any, guide: str) -> None:
    page = open_page(guide)
    page.evaluate("htmx.trigger(document.body, 'htmx:sendError')")
    page.locator("#status").get_by_role("button", name="Close").click()
    expect(page.locator("#status")).to_be_empty()
    page.get_by_label("Recent actions").click()
    expect(page.locator("[data-recent]")).to_contain_text("This did not work")


# The pulse


def test_news_are_drawn_in_place_and_typed_text_stays(open_page: Any, guide: str) -> None:
    page, asked = pulsing(open_page, guide, lambda route: route.fulfill(status=200, headers={"Desk-Cursor": "8"}, body=NEWS))
    page.locator("#update").fill("half a sentence")
    expect(page.locator("#queue-h")).to_have_text("Two new", timeout=5000)
    expect(page.locator("#update")).to_have_value("half a sentence")
    page.wait_for_timeout(1500)
    assert asked[:2] == ["7", "8"]


def test_nothing_new_changes_nothing(open_page: Any, guide: str) -> None:
    page, asked = pulsing(open_page, guide, lambda route: route.fulfill(status=204))
    page.wait_for_timeout(2600)
    assert set(asked) == {"7"}
    expect(page.locator("#stale")).to_be_hidden()


def test_three_failures_say_that_the_page_is_not_live(open_page: Any, guide: str) -> None:
    page, _asked = pulsing(open_page, guide, lambda route: route.abort(), quiet=False)
    expect(page.locator("#stale")).to_contain_text("Not live since", timeout=8000)


def test_a_hidden_tab_asks_nothing_and_one_that_is_shown_again_asks_at_once(open_page: Any, guide: str) -> None:
    page, asked = pulsing(open_page, guide, lambda route: route.fulfill(status=204))
    look_away(page, hidden=True)
    asked.clear()
    page.wait_for_timeout(2000)
    assert asked == []
    look_away(page, hidden=False)
    page.wait_for_timeout(300)
    assert len(asked) == 1


NEWS = (
    '<h2 class="sr" id="queue-h" hx-swap-oob="morph">Two new</h2>'
    '<textarea id="update" hx-swap-oob="morph" rows="3">from the server</textarea>'
)


def on_the_first_row(page: Page) -> Page:
    page.locator("body").click(position={"x": 600, "y": 5})
    page.evaluate(
        "document.querySelectorAll('[data-row].is-current').forEach(r => { r.classList.remove('is-current'); r.ariaCurrent = null })"
    )
    page.keyboard.press("j")
    expect(page.locator(ROWS).first).to_be_focused()
    return page


def pulsing(open_page: Any, guide: str, answer: Any, *, quiet: bool = True) -> tuple[Page, list[str]]:
    """The styleguide with a pulse of a second, whose questions are listed and answered by `answer`."""
    asked: list[str] = []

    def serve(route: Route) -> None:
        cursor = route.request.url.partition("pulse=")[2]
        if cursor:
            asked.append(cursor)
            return answer(route)
        whole = route.fetch()
        return route.fulfill(response=whole, body=whole.text().replace('<main id="main"', '<main data-pulse="1" data-cursor="7" id="main"'))

    page = open_page("about:blank", quiet=quiet)
    page.route("**/styleguide/**", serve)
    page.goto(guide)
    return page, asked


def look_away(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        hidden,
    )
