"""Reports: their numbers against SQL by hand, the rows behind each, and who reads what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from incidents import reports, tickets, vendors
from incidents.models import Incident, Problem, ReportMail, Satisfaction, Ticket, Vendor, VendorCase
from incidents.reports import work
from incidents.reports.shapes import spans
from notifications.models import Drill, DrillAnswer, Message, Reckoning
from servicedesk.directory.models import Service, User
from servicedesk.jobs import running
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds import autumn, history
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.reporting import report

SINCE = NINE - timedelta(days=90)


@pytest.fixture
def lived(acme: Company) -> Company:
    history.write(acme, now=NINE, number=160)
    autumn.lived(acme, now=NINE)
    return acme


def built(name: str, reader: User, **asked: str) -> dict[str, reports.Table]:
    kind = reports.find(name)
    assert kind is not None
    return {table.key: table for table in kind.build(reports.ask({"period": "90d", **asked}, reader, now=NINE))}


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def cells(table: reports.Table, label: str) -> list[reports.Cell]:
    return list(next(line for line in table.lines if line.label == label).cells)


def test_response_times_are_those_of_the_table(lived: Company) -> None:
    table = built("response", lived.people["dana"])["severity"]
    found = sql(
        "SELECT triggered_at, acknowledged_at FROM incidents_incident i WHERE severity = 2 AND state NOT IN ('rejected', 'merged')"
        " AND triggered_at >= %s AND acknowledged_at IS NOT NULL ORDER BY id",
        SINCE,
    )
    assert cells(table, "SEV2")[1].values["n"] == len(found) == 5
    waits = sorted(row.acknowledged_at - row.triggered_at for row in Incident.objects.filter(severity=2, acknowledged_at__isnull=False))
    assert cells(table, "SEV2")[1].values["median_s"] == waits[2].total_seconds()
    assert cells(table, "SEV2")[1].values["p90_s"] == waits[4].total_seconds()


def test_what_was_over_before_a_page_counts_for_nothing(lived: Company) -> None:
    by_itself = Incident.objects.get(title="File server: fs-02 is down")
    assert by_itself.acknowledged_at is None
    kind = reports.find("response")
    assert kind is not None
    asked = reports.ask({"period": "90d"}, lived.people["dana"], now=NINE)
    assert by_itself not in kind.rows(asked, "sev.2.ttr")


def test_clocks_met_and_missed_are_those_of_the_table(lived: Company) -> None:
    table = built("clocks", lived.people["dana"])["severity"]
    told = sql(
        "SELECT severity, count(*), sum(CASE WHEN first_answered_at <= first_answer_due_at THEN 1 ELSE 0 END),"
        " sum(CASE WHEN first_answered_at > first_answer_due_at THEN 1 ELSE 0 END),"
        " sum(CASE WHEN solved_at > solution_due_at THEN 1 ELSE 0 END)"
        " FROM incidents_ticket WHERE created_at >= %s AND severity IS NOT NULL GROUP BY severity ORDER BY severity",
        SINCE,
    )
    assert told
    for rank, n, met, missed, late in told:
        row = cells(table, f"SEV{rank}")
        assert (row[0].values["n"], row[1].values["part"], row[2].values["missed"], row[4].values["missed"]) == (n, met, missed, late)


def test_in_and_out_are_those_of_the_table(lived: Company) -> None:
    table = built("load", lived.people["dana"])["flow"]
    ((came, went, left),) = sql(
        "SELECT count(*), sum(CASE WHEN solved_at < %s THEN 1 ELSE 0 END),"
        " sum(CASE WHEN solved_at IS NULL OR solved_at >= %s THEN 1 ELSE 0 END)"
        " FROM incidents_ticket WHERE created_at >= %s",
        NINE, NINE, SINCE,
    )  # fmt: skip
    assert sum(line.cells[0].values["n"] for line in table.lines) == came  # type: ignore[misc]
    assert sum(line.cells[1].values["n"] for line in table.lines) == went  # type: ignore[misc]
    assert table.lines[-1].cells[2].values["n"] == left


@pytest.mark.parametrize("name", reports.NAMES)
def test_every_number_opens_as_many_rows_as_it_says(name: str, lived: Company) -> None:
    kind = reports.find(name)
    assert kind is not None
    asked = reports.ask({"period": "90d"}, lived.people["dana"], now=NINE)
    opened = 0
    for cell in (cell for table in kind.build(asked) for line in table.lines for cell in line.cells if cell.rows):
        n = cell.values.get("n", cell.values.get("part", next(iter(cell.values.values()))))
        assert kind.rows(asked, cell.rows).values("pk").distinct().count() == n, cell
        opened += 1
    assert opened or name in ("delivery", "vendors")


@pytest.mark.parametrize("name", reports.NAMES)
def test_an_empty_desk_says_what_it_needs(name: str, acme: Company) -> None:
    page = signed_in(acme.people["dana"]).get(f"/reports/{name}/")
    kind = reports.find(name)
    assert kind is not None
    assert str(kind.empty) in page.content.decode()


def test_fewer_than_five_are_listed_one_by_one() -> None:
    few = spans([timedelta(minutes=9), timedelta(minutes=4)])
    assert (few.text, few.values["median_s"]) == ("4 min, 9 min (n = 2)", None)
    many = spans([timedelta(minutes=n) for n in range(1, 11)])
    assert (many.text, many.values["p90_s"]) == ("5 min / 9 min (n = 10)", 540)


def test_confidential_rows_are_counted_and_not_shown(acme: Company) -> None:
    report(acme, "ella", NINE)
    hidden = report(acme, "omar", NINE, what="My laptop was stolen", loss=True)
    page = signed_in(acme.people["vera"]).get("/reports/clocks/rows/?rows=sev.0.all&period=2026-11-23..2026-11-23").content.decode()
    rated = Ticket.objects.get(pk=hidden.pk).severity
    page += signed_in(acme.people["vera"]).get(f"/reports/clocks/rows/?rows=sev.{rated}.all&period=2026-11-23..2026-11-23").content.decode()
    assert "1 is confidential: counted, not shown to you." in page
    assert "stolen" not in page


def test_an_agent_reads_of_their_own_team_and_of_nobody_by_name(lived: Company) -> None:
    ana = lived.people["ana"]
    own = Ticket.objects.filter(team=lived.teams["service-desk"]).count()
    table = built("clocks", ana)["severity"]
    assert sum(line.cells[0].values["n"] for line in table.lines) == own  # type: ignore[misc]
    assert "nights" not in built("noise", lived.people["sam"])
    assert built("clocks", ana, team="it-ops")["severity"] == table  # asked for another's: their own, with a word on it
    assert signed_in(ana).get("/reports/delivery/").status_code == 403


def test_woken_nights_stand_by_name_in_no_order_of_merit(lived: Company) -> None:
    table = built("noise", lived.people["dana"])["nights"]
    assert [line.label for line in table.lines] == sorted(line.label for line in table.lines)
    assert cells(table, "Sam Lee")[0].values["nights"] == 3


def test_the_address_holds_what_is_shown(lived: Company) -> None:
    page = signed_in(lived.people["dana"]).get("/reports/response/?period=90d&service=email&compare=1&strange=1").content.decode()
    assert "period=90d&amp;service=email&amp;compare=1&amp;rows=" in page
    assert "before:" in page


@pytest.mark.parametrize("period", ["x", "-3d", "99999d", "2026-13-01..2026-01-01", "2026-02-02..2026-01-01"])
def test_an_odd_period_is_the_usual_one_with_a_word_on_it(period: str, acme: Company) -> None:
    page = signed_in(acme.people["dana"]).get("/reports/load/", {"period": period})
    assert page.status_code == 200
    assert "Unknown period" in page.content.decode()


@pytest.mark.parametrize("key", ["", "sev", "sev.x.tta", "sev.1.xxx", "team.1", "why.x.y.z"])
def test_rows_nobody_gave_out_are_not_there(key: str, acme: Company) -> None:
    assert signed_in(acme.people["dana"]).get("/reports/response/rows/", {"rows": key}).status_code == 404


def test_the_csv_has_plain_numbers_and_no_formula(lived: Company) -> None:
    answer = signed_in(lived.people["dana"]).get("/reports/response/?period=90d&format=csv&table=severity")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Severity,TTD n,TTD median_s,TTD p90_s")
    assert lines[3].startswith("SEV2,")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_a_long_period_is_a_job_whose_file_has_the_same(lived: Company) -> None:
    dana = signed_in(lived.people["dana"])
    assert "are counted in the background" in dana.get("/reports/clocks/?period=365d").content.decode()
    dana.post("/reports/clocks/job/?period=365d")
    job = Job.objects.get()
    running.run(job.pk, now=NINE)
    job.refresh_from_db()
    assert (job.state, job.file_name[:7]) == ("done", "clocks-")
    assert "By severity" in "".join(job.parts.values_list("text", flat=True))


def test_dana_gets_it_every_monday_until_she_stops_it(lived: Company) -> None:
    dana, client = lived.people["dana"], signed_in(lived.people["dana"])
    kind = reports.find("response")
    assert kind is not None
    row = work.subscribe(dana, kind, "period=30d", every="week", now=NINE)
    assert row.next_at is not None
    assert work.mail_due(now=row.next_at - timedelta(minutes=1)) == 0
    assert work.mail_due(now=row.next_at) == 1
    letter = Message.objects.get(thread=f"report-{row.pk}")
    assert "SEV2" in letter.text
    assert "/reports/response/?period=30d" in letter.text
    client.post("/reports/response/mail/?period=30d", {"stop": str(row.pk)})
    assert ReportMail.objects.get().next_at is None


def test_who_may_no_longer_read_it_gets_no_more_letters(lived: Company) -> None:
    kind = reports.find("delivery")
    assert kind is not None
    row = work.subscribe(lived.people["dana"], kind, "", every="month", now=NINE)
    assert (row.next_at.day, row.next_at.month) == (1, 12)  # type: ignore[union-attr]
    lived.people["dana"].grants.all().delete()
    work.mail_due(now=row.next_at)  # type: ignore[arg-type]
    assert ReportMail.objects.get().next_at is None
    assert not Message.objects.filter(thread=f"report-{row.pk}").exists()


def test_satisfaction_is_of_teams_and_adds_up(lived: Company) -> None:
    table = built("satisfaction", lived.people["dana"])["teams"]
    told = sum(cell.values[name] for line in table.lines for name, cell in zip(("good", "fair", "poor"), line.cells, strict=False))  # type: ignore[misc]
    assert told == Satisfaction.objects.count() > 10


def test_a_wait_for_the_vendor_ends_when_the_ticket_moves_on(acme: Company) -> None:
    ben, ticket = acme.people["ben"], report(acme, "ella", NINE - timedelta(hours=9), what="The VPN does not connect")
    tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=ben, now=NINE - timedelta(hours=8))
    assert cells(built("vendors", acme.people["dana"])["services"], "VPN")[2].values["total_s"] == 8 * 3600  # it goes on
    tickets.solve(ticket, actor=ben, text="The carrier mended it.", now=NINE - timedelta(hours=5))
    table = built("vendors", acme.people["dana"])["services"]
    assert cells(table, "VPN")[2].values["total_s"] == 3 * 3600


def test_cases_of_a_vendor_open_their_tickets(acme: Company) -> None:
    vendor, dana = Vendor.objects.create(name="Carrier", answers_within_s=3600), acme.people["dana"]
    for n in range(3):
        ticket = report(acme, "ella", NINE - timedelta(hours=9), what=f"The VPN does not connect {n}")
        vendors.hand_over(ticket, vendor, number=f"C-{n}", actor=acme.people["ben"], now=NINE - timedelta(hours=8))
    VendorCase.objects.filter(number="C-0").update(chased=1, ended_at=NINE - timedelta(hours=2), chase_at=None)
    told = cells(built("vendors", dana)["vendors"], "Carrier")
    assert [told[0].values["n"], told[2].values["open"], told[3].values["chased"]] == [3, 2, 1]
    kind, asked = reports.find("vendors"), reports.ask({"period": "90d"}, dana, now=NINE)
    assert kind is not None
    assert [kind.rows(asked, told[n].rows).count() for n in (0, 2, 3)] == [3, 2, 1]


def test_books_and_drills_stand_in_the_delivery_report(acme: Company) -> None:
    figures = dict.fromkeys(("made", "sent", "delivered", "failed", "dropped", "learned", "repeated"), 5)
    for n in (1, 2):
        Reckoning.objects.create(day=(NINE - timedelta(days=n)).date(), channel="sms", unsettled=n, closed_at=NINE, **figures)
    began, drill = NINE - timedelta(days=4), Drill.objects.create(name="Monday test", created_at=NINE)
    DrillAnswer.objects.create(
        drill=drill, person=acme.people["sam"], began_at=began, ends_at=began + timedelta(minutes=15), token="t",
        answered_at=began + timedelta(minutes=2), result="answered",
    )  # fmt: skip
    tables = built("delivery", acme.people["dana"])
    (line,) = tables["books"].lines
    assert [cell.values for cell in line.cells][:2] == [{"made": 10}, {"sent": 10}]
    assert line.cells[5].values == {"unsettled": 3}
    assert [cell.text for cell in tables["drills"].lines[0].cells] == ["1", "100 % (1 / 1)", "2 min (n = 1)"]


def test_a_service_that_comes_back_names_its_problem_record(lived: Company) -> None:
    dana = lived.people["dana"]
    label = built("repeats", dana)["services"].lines[0].label
    assert cells(built("repeats", dana)["services"], label)[2].text == "none"
    made = Problem.objects.create(title="x", service=Service.objects.get(name=label), created_at=NINE, updated_at=NINE)
    assert cells(built("repeats", dana)["services"], label)[2].text == f"{made.number}, Cause not known"


def test_the_pages_cost_a_bounded_number_of_queries(lived: Company, django_assert_max_num_queries: Any) -> None:
    dana = signed_in(lived.people["dana"])
    dana.get(reverse("reports"))
    with django_assert_max_num_queries(16):
        dana.get("/reports/clocks/?period=90d")
