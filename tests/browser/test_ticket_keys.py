"""A ticket worked by its keys: each does what the list of keys says, and Control+Enter sends what stands in the form, once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import faults, sideways
from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
TRIAGE, TICKET = "/queue/?view=triage", "/tickets/1005/"
TWICE = """() => { for (let n = 0; n < 2; n++) document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true, cancelable: true})) }"""
BEAT = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def ana(desk: Desk, open_page: Any) -> Page:
    """In a ticket, come from the view of what needs triage."""
    desk.reset()
    page = visitor(open_page, desk, "ana", TRIAGE)
    page.goto(desk.url + TICKET)
    return page


def visitor(open_page: Any, desk: Desk, who: str, there: str, **context: Any) -> Page:
    page: Page = open_page(f"{desk.url}/login/", **context)
    sign_in(page, desk, who)
    page.goto(desk.url + there)
    return page


def sent(page: Page) -> list[str]:
    """The addresses posted to from now on, those of drafts left out."""
    posted: list[str] = []
    page.on("request", lambda asked: posted.append(asked.url) if asked.method == "POST" and "/drafts/" not in asked.url else None)
    return posted


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def box(page: Page) -> Locator:
    return page.locator("#write textarea[name=text]")


@pytest.mark.parametrize("write", ["reply", "note", "call"])
def test_control_enter_sends_what_is_written_once(ana: Page, desk: Desk, write: str) -> None:
    ana.goto(f"{desk.url}{TICKET}?write={write}#write")
    posted = sent(ana)
    box(ana).fill("The cable is swapped")
    ana.evaluate(TWICE)
    expect(ana.locator("#talk").get_by_text("The cable is swapped")).to_be_visible()
    assert posted == [f"{desk.url}{TICKET}{write}/"]


def test_control_shift_enter_sends_and_solves(ana: Page, desk: Desk) -> None:
    box(ana).fill("It works again")
    press(ana, "Control+Shift+Enter")
    expect(ana.locator("#talk").get_by_text("It works again")).to_be_visible()
    expect(ana.locator(".page-head").get_by_text("Solved")).to_be_visible()


def test_control_enter_reports_and_answers_and_opens_links_as_ever(desk: Desk, open_page: Any) -> None:
    desk.reset()
    ella = visitor(open_page, desk, "ella", "/new/")
    posted = sent(ella)
    ella.get_by_label("What happened?").fill("The ledger does not open")
    ella.get_by_label("Only me").check()
    ella.get_by_label("I can work around it").check()
    press(ella, "Control+Enter")
    expect(ella.get_by_text("Got it.")).to_be_visible()
    ella.get_by_label("Your answer").fill("Since this morning")
    press(ella, "Control+Enter")
    expect(ella.locator(".talk").get_by_text("Since this morning")).to_be_visible()
    ella.get_by_role("link", name="It got worse").click()
    ella.get_by_label("What got worse?").fill("Nobody can open it")
    ella.evaluate("document.querySelector('main a').addEventListener('click', event => event.preventDefault())")
    ella.locator("main a").first.focus()
    press(ella, "Control+Enter")
    assert len(posted) == 2
    ella.get_by_label("What got worse?").focus()
    press(ella, "Control+Enter")
    expect(ella.locator("main")).to_contain_text(re.compile("Nobody can open it|There is a problem"))
    assert len(posted) == 3


def test_the_keys_of_writing_lead_into_the_box(ana: Page) -> None:
    for key, write in (("n", "note"), ("l", "call"), ("r", "reply")):
        press(ana, key)
        expect(ana).to_have_url(re.compile(f"write={write}#write"))
        expect(box(ana)).to_be_focused()
        press(ana, *"pass", "Escape")
        expect(box(ana)).to_have_value("pass")
    press(ana, ";")
    expect(ana).to_have_url(re.compile("canned="))


def test_the_keys_of_deeds_do_them_and_z_takes_them_back(ana: Page) -> None:
    head, told = ana.locator(".page-head"), ana.locator("main .sentence").first
    press(ana, "i")
    expect(head).to_contain_text("Assigned to Ana")
    press(ana, "z")
    expect(told).to_contain_text("Undone on 1 ticket")
    expect(head).to_contain_text("Assigned to Nobody")
    press(ana, "p", "3")
    expect(told).to_contain_text("1 ticket set to SEV3")
    press(ana, "z")
    expect(told).to_contain_text("Undone on 1 ticket")


def test_the_keys_of_states_do_them_and_z_takes_them_back(ana: Page) -> None:
    head, told = ana.locator(".page-head"), ana.locator("main .sentence").first
    press(ana, "s")
    expect(ana.get_by_role("button", name="Waiting for a vendor")).to_be_visible()
    press(ana, "Escape", "h")
    ana.get_by_label("Open again on").fill("2026-11-26")
    ana.locator("button[value='wait:planned']").click()
    expect(told).to_contain_text("1 ticket planned")
    expect(head).to_contain_text("Waiting")
    press(ana, "z")
    expect(told).to_contain_text("Undone on 1 ticket")
    press(ana, "e")
    expect(head.get_by_text("Solved")).to_be_visible()
    press(ana, "z")
    expect(head.get_by_role("button", name="Solve", exact=True)).to_be_visible()
    press(ana, "w")
    expect(ana.get_by_role("button", name="Watching")).to_be_visible()


def test_enter_after_a_reason_is_no_choice_of_a_severity(desk: Desk, open_page: Any) -> None:
    desk.reset()
    ana = visitor(open_page, desk, "ana", TICKET, quiet=False)  # the browser notes the refusal
    press(ana, "p")
    ana.get_by_label("Why").fill("One desk alone")
    press(ana, "Enter")
    expect(ana.get_by_text("Choose a severity")).to_be_visible()
    expect(ana.get_by_label("Why")).to_have_value("One desk alone")
    expect(ana.locator(".page-head")).to_contain_text("SEV4")


def test_the_keys_of_places_lead_there(ana: Page, desk: Desk) -> None:
    press(ana, "a")
    expect(ana.get_by_label("Assign to", exact=False).last).to_be_focused()
    press(ana, "Escape", "t")
    expect(ana.get_by_label("Tags")).to_be_focused()
    press(ana, "Escape", "b")
    expect(ana.locator("#about")).to_be_focused()
    press(ana, "d")
    expect(ana).to_have_url(re.compile("tab=work"))
    press(ana, "d")
    expect(ana.get_by_label("The other ticket's number")).to_be_focused()
    press(ana, "Escape", "]")
    expect(ana).not_to_have_url(re.compile("/1005/"))
    press(ana, "[")
    expect(ana).to_have_url(desk.url + TICKET)
    press(ana, "u")
    expect(ana).to_have_url(desk.url + TRIAGE)


def test_the_next_ticket_and_an_incident_are_two_keys_away_everywhere(ana: Page, desk: Desk) -> None:
    for page in ("/oncall/", "/services/", TICKET):
        ana.goto(desk.url + page)
        press(ana, "Shift+I")
        expect(ana).to_have_url(re.compile("/incidents/new/"))
    ana.goto(f"{desk.url}/oncall/")
    press(ana, "?")
    expect(ana.locator("#keys li", has_text="Next for me")).to_be_visible()
    expect(ana.locator("#keys li", has_text="Declare incident")).to_be_visible()
    press(ana, "Escape", "g", "n")
    expect(ana).to_have_url(re.compile(r"/tickets/\d+/"))
    expect(ana.locator(".page-head")).to_contain_text("Assigned to Ana")


def test_d_in_the_list_merges_and_z_takes_it_out_again(ana: Page, desk: Desk) -> None:
    ana.goto(desk.url + TRIAGE)
    press(ana, "j")
    row = ana.locator(f"#{ana.locator('tr.is-current').get_attribute('id')}")
    press(ana, "d", *"T-1007", "Enter")
    expect(ana.get_by_role("status").filter(has_text="1 ticket merged into T-1007").first).to_be_visible()
    expect(row).to_contain_text("Merged")
    press(ana, "z")
    expect(ana.get_by_role("status").filter(has_text="Undone on 1 ticket").first).to_be_visible()
    expect(row).not_to_contain_text("Merged")


def test_a_row_says_who_came_and_who_left(ana: Page, desk: Desk, open_page: Any) -> None:
    ana.goto(desk.url + TRIAGE)
    ben = visitor(open_page, desk, "ben", "/tickets/1003/")
    row = ana.locator("#ticket-1003")
    expect(row).not_to_contain_text("Ben is here")
    ana.evaluate(BEAT)
    expect(row).to_contain_text("Ben is here")
    ben.goto("about:blank")
    desk.forward("46s")
    ana.evaluate(BEAT)
    expect(row).not_to_contain_text("Ben is here")


def test_a_ticket_that_comes_while_one_reads_is_told_and_shown_when_asked(ana: Page, desk: Desk, open_page: Any) -> None:
    ana.goto(f"{desk.url}/queue/?sort=oldest")
    before = ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    ella = visitor(open_page, desk, "ella", "/new/")
    ella.get_by_label("What happened?").fill("The ledger does not open")
    ella.get_by_label("Only me").check()
    ella.get_by_label("I can work around it").check()
    ella.get_by_role("button", name="Send").click()
    number = re.findall(r"/t/(\d+)/", ella.url)[0]
    ana.evaluate(BEAT)
    news = ana.get_by_role("link", name="1 new or changed. Show")
    expect(news).to_be_visible()
    assert ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)") == before
    news.click()
    expect(ana.locator(f"#ticket-{number}")).to_contain_text("The ledger does not open")


def test_without_scripts_status_severity_and_undo_are_buttons(desk: Desk, open_page: Any) -> None:
    desk.reset()
    ana = visitor(open_page, desk, "ana", TICKET, **OFF)
    ana.locator("summary[aria-keyshortcuts=s]").click()
    ana.get_by_role("button", name="Waiting for a vendor").click()
    expect(ana.get_by_text("1 ticket waiting for a vendor")).to_be_visible()
    ana.get_by_role("button", name="Undo").click()
    expect(ana.get_by_text("Undone on 1 ticket")).to_be_visible()
    ana.locator("summary[aria-keyshortcuts=p]").click()
    ana.locator("button[name=severity][value='4']").click()
    expect(ana.get_by_text("1 ticket set to SEV4")).to_be_visible()


@pytest.mark.parametrize(("width", "key"), [(1280, "s"), (1280, "p"), (1280, "h"), (360, "s"), (360, "p"), (360, "h")])
def test_the_menus_of_a_ticket_fit_and_have_no_faults(desk: Desk, open_page: Any, width: int, key: str) -> None:
    ana = visitor(open_page, desk, "ana", TICKET, width=width)
    press(ana, key)
    expect(ana.locator("details.menu[open] .menu-box")).to_be_visible()
    found = [fault for fault in faults(ana) if not fault.startswith("target-size: .tabs") and 'a[href="?' not in fault]  # it covers them
    assert (sideways(ana), found) == (0, [])


def test_a_call_is_timed_and_the_sending_stops_the_timer(ana: Page, desk: Desk) -> None:
    ana.goto(f"{desk.url}{TICKET}?write=call#write")
    ana.clock.install()
    ana.get_by_role("button", name="Start the timer").click()
    ana.clock.fast_forward(130_000)
    ana.reload()
    stop = ana.get_by_role("button", name="Stop the timer")
    ana.clock.fast_forward(60_000)
    stop.click()
    expect(ana.get_by_label("Minutes")).to_have_value("4")
    ana.get_by_role("button", name="Start the timer").click()
    ana.clock.fast_forward(61_000)
    box(ana).fill("He rang back")
    press(ana, "Control+Enter")
    expect(ana.locator("#talk b", has_text="Ana called Theo Lambert, 2 min")).to_be_visible()


def test_v_leads_to_the_views_and_writing_is_a_key_away_from_the_work_tab(ana: Page, desk: Desk) -> None:
    ana.goto(desk.url + TRIAGE)
    press(ana, "v", "Tab")
    expect(ana.locator("#views a").nth(2)).to_be_focused()
    for key, write in (("r", "reply"), ("n", "note"), ("l", "call")):
        ana.goto(f"{desk.url}{TICKET}?tab=work")
        press(ana, key)
        expect(ana).to_have_url(re.compile(f"write={write}#write"))
        expect(box(ana)).to_be_focused()


def test_single_keys_work_with_alt_or_not_at_all_on_every_device(ana: Page, desk: Desk, open_page: Any) -> None:
    press(ana, "?")
    with ana.expect_response("**/me/keys/"):
        ana.get_by_label("Single keys work").select_option("alt")
    there = visitor(open_page, desk, "ana", TICKET)
    press(there, "n")
    expect(there).to_have_url(desk.url + TICKET)
    press(there, "Alt+n")
    expect(there).to_have_url(re.compile("write=note"))
    press(there, "Alt+p", "Escape")
    expect(box(there)).to_have_value("")


def test_control_enter_in_the_update_of_an_incident_previews_it(desk: Desk, open_page: Any) -> None:
    desk.reset()
    dana = visitor(open_page, desk, "dana", "/incidents/new/")
    dana.get_by_label("What is wrong?").fill("The ledger is down")
    dana.get_by_label("Service", exact=True).select_option(label="Email")
    dana.get_by_role("button", name="Declare and page").click()
    press(dana, "u")
    dana.locator("textarea[name=text]").first.fill("We look into it")
    press(dana, "Control+Enter")
    expect(dana.get_by_text("Nothing is sent yet. This is what they read:")).to_be_visible()


@pytest.mark.parametrize("page", ["/oncall/", TICKET])
def test_the_command_list_opens_from_a_field_and_leads_to_a_number(ana: Page, desk: Desk, page: str) -> None:
    ana.goto(desk.url + page)
    ana.locator("input[type=search]").first.focus()
    press(ana, "Control+k", *"T-1007", "Enter")
    expect(ana).to_have_url(f"{desk.url}/tickets/1007/")


def test_the_command_list_does_what_the_ticket_offers_and_opens_views(ana: Page, desk: Desk) -> None:
    press(ana, "Control+k")
    expect(ana.locator("#commands li", has_text="Queue: Needs triage")).to_be_visible()
    assert faults(ana) == []
    press(ana, *"assign to me", "ArrowDown", "Enter")
    expect(ana.locator(".page-head")).to_contain_text("Assigned to Ana")
    press(ana, "Control+k", *"sev2", "Enter")
    expect(ana.locator("main .sentence").first).to_contain_text("1 ticket set to SEV2")
    press(ana, "Control+k")
    expect(ana.locator("#commands li", has_text="Queue: Needs triage")).to_be_visible()
    press(ana, *"needs tri", "Enter")
    expect(ana).to_have_url(desk.url + TRIAGE)
