"""What reports say about helping: reports spared, and how people found the help. Of teams and articles, never of one agent."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import ArticleVote, Follower, Satisfaction
from incidents.models.tickets import TicketQuerySet
from incidents.reports.asked import Asked
from incidents.reports.shapes import Cell, Line, Table, Word, count, share

DEFLECTION = gettext_lazy("Deflection")
SATISFACTION = gettext_lazy("Satisfaction")
SPARED = (
    (gettext_lazy("Spared"), gettext_lazy(
        "“It helped” under an article, and “I have this too” instead of a report. Both are said by "
        "people; nothing is guessed.")),
    (gettext_lazy("Articles"), gettext_lazy("one vote a reader, the last one counts, in the period it was given")),
)  # fmt: skip
ASKED = (
    (gettext_lazy("Answers"), gettext_lazy("given in the period, by whoever asked for help, once a ticket")),
    (gettext_lazy("Answered"), gettext_lazy("answers against tickets solved in the period")),
    (gettext_lazy("People"), gettext_lazy("Teams are compared with themselves; no agent is listed.")),
)  # fmt: skip


def spared(asked: Asked) -> list[Table]:
    votes = ArticleVote.objects.filter(at__gte=asked.since, at__lt=asked.until)
    helped, too = votes.filter(helped=True).count(), Follower.objects.filter(since__gte=asked.since, since__lt=asked.until).count()
    filed = rows(asked, "filed.0").count()
    if not (helped or too or filed):
        return []
    whole = [
        Line(_("Helped by an article"), [Cell(str(helped), {"n": helped}, drawn=helped)]),
        Line(_("“I have this too”"), [Cell(str(too), {"n": too}, drawn=too)]),
        Line(_("Tickets filed"), [count(filed, "filed.0")]),
        Line(_("Spared of all"), [share(helped + too, helped + too + filed)]),
    ]
    each = votes.values("article__title").annotate(yes=Count("pk", filter=Q(helped=True)), n=Count("pk")).order_by("-n")[:30]
    lines = [Line(row["article__title"], [share(row["yes"], row["n"])]) for row in each]
    articles = Table("articles", _("Articles"), _("Article"), [_("Helped")], lines, drawn=0)
    return [Table("spared", _("Reports spared"), "", [_("How often")], whole, drawn=0), articles]


def asked_for(asked: Asked) -> list[Table]:
    told = Satisfaction.objects.filter(at__gte=asked.since, at__lt=asked.until, ticket__in=asked.tickets())
    columns: list[Word] = [*(str(one.label) for one in Satisfaction.Answer), _("Answered")]
    solved = dict(rows(asked, "solved.0").values("team__name").annotate(n=Count("pk")).values_list("team__name", "n"))
    if not solved and not told.exists():
        return []
    wanted = {one.value: Count("pk", filter=Q(answer=one.value)) for one in Satisfaction.Answer}
    said = {
        row["ticket__team__name"]: row for row in told.values("ticket__team__name", "ticket__team_id").annotate(n=Count("pk"), **wanted)
    }
    lines = [_of_team(name, dict(said.get(name, {})), solved.get(name, 0)) for name in sorted({*solved, *said}, key=str)]
    return [Table("teams", _("By team"), _("Team"), columns, lines, drawn=0)]


def _of_team(name: str | None, row: dict[str, Any], solved: int) -> Line:
    team = row["ticket__team_id"] if row else 0
    cells = [count(row[one.value] if row else 0, f"{one.value}.{team or 0}", one.value) for one in Satisfaction.Answer]
    return Line(name or str(_("No team")), [*cells, share(row["n"] if row else 0, solved)])


def rows(asked: Asked, key: str) -> TicketQuerySet:
    """ "filed.0", "solved.0", "good.3": tickets. Raises ValueError."""
    what, _between, team = key.partition(".")
    column = {"filed": "created_at", "solved": "solved_at"}.get(what)
    if column:
        return asked.tickets().filter(**{f"{column}__gte": asked.since, f"{column}__lt": asked.until})
    answer = Satisfaction.Answer(what).value
    found = asked.tickets().filter(satisfaction__answer=answer, team=int(team) or None)
    return found.filter(satisfaction__at__gte=asked.since, satisfaction__at__lt=asked.until)
