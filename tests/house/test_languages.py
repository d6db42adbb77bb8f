"""German and French say all that employees read, whoever is paged hears, and whoever signs in is asked.

After a change of such words: `make messages`, translate what is empty in servicedesk/locale, `make messages` again.
"""

from __future__ import annotations

import gettext
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from notifications import twiml
from tests.house.catalogue import ROOT, Entry, entries, keys_of

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# what is read by people who did not choose to work here: portal, sign-in, letters, texts, calls, signed pages, errors
READ = [
    "templates/auth/*", "templates/components/*", "templates/email/*", "templates/incidents/bundle.html", "templates/incidents/signed*",
    "templates/setup/*",
    "templates/me/*", "templates/portal/*", "templates/sms/*", "templates/status/*", "templates/voice/*", "templates/*.html",
    "incidents/escalation/*.py", "incidents/wording/*.py", "incidents/statuspage/*.py", "incidents/letters*.py",
    *(f"incidents/command/{name}.py" for name in ("obligations", "roles", "sweep", "updates")),
    "incidents/models/tickets.py", "incidents/models/incidents.py", "incidents/states.py",
    *(f"incidents/{name}.py" for name in (
        "approvals", "around", "asking", "conversation", "evidence", "feedback", "file_fields", "following", "forms", "forms_asking",
        "forms_status", "handoff", "knowledge", "mornings", "outages", "pledges", "promise", "settling", "thanks", "vendors", "withdrawing",
    )),
    *(f"incidents/views/{name}.py" for name in (
        "articles", "asking", "bundles", "drafts", "feedback", "files", "frame", "known", "pages", "portal", "pressed", "rating",
        "requester", "signed", "status",
    )),
    "incidents/mail/held.py", "incidents/reviews/due.py", "incidents/reports/work.py",
    "notifications/*.py",
    *(f"notifications/models/{name}.py" for name in ("drills", "errands", "messages", "methods", "proofs")),
    "notifications/views/me.py", "notifications/views/drills.py",
    "servicedesk/directory/**/*.py", "servicedesk/oncall/roster.py", "servicedesk/uploads.py", "servicedesk/settings.py",
    *(f"servicedesk/operations/{name}.py" for name in ("adapters", "bar", "errors", "firstrun", "letters", "setup/*", "starters")),
]  # fmt: skip
NOT_READ = {"styleguide.html", "README.md", "admin.py", "api.py", "providers.py", "clerk.py", "apps.py"}
HOLDERS = re.compile(r"%\(\w+\)\d*[sd]|%[sd]\b|\{\w*\}|</?[a-z]+>")


def catalogue(code: str) -> Path:
    return ROOT / "servicedesk" / "locale" / code / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module", params=LANGUAGES)
def told(request: pytest.FixtureRequest) -> tuple[str, list[Entry]]:
    return request.param, entries(catalogue(request.param))


def read() -> Iterator[Path]:
    for pattern in READ:
        found = [path for path in ROOT.glob(pattern) if path.is_file()]
        assert found, f"{pattern} names nothing any more"
        yield from (path for path in found if path.name not in NOT_READ and path.suffix in {".py", ".html", ".txt", ".atom"})


def test_all_that_people_read_is_translated(told: tuple[str, list[Entry]]) -> None:
    known = {entry.key for entry in told[1] if all(entry.said)}
    missing = {f"{path.relative_to(ROOT)}: {key[1]!r}" for path in read() for key in keys_of(path) - known if key[1]}
    assert not missing, f"not in {told[0]}: {sorted(missing)}"


def test_nothing_is_guessed_and_every_placeholder_stays(told: tuple[str, list[Entry]]) -> None:
    code, found = told
    assert [entry.key for entry in found if "fuzzy" in entry.flags] == []
    wrong = [entry.key for entry in found if any(entry.said) and not _fits(entry)]
    assert not wrong, f"{code}: {wrong}"


def test_what_is_used_is_what_was_written(told: tuple[str, list[Entry]]) -> None:
    """`make messages` compiles; a desk has no compiler, so its file is kept beside the words."""
    code, found = told
    with catalogue(code).with_suffix(".mo").open("rb") as file:
        used = gettext.GNUTranslations(file)
    for entry in (entry for entry in found if all(entry.said)):
        context, words = entry.key
        key = f"{context}\x04{words}" if context else words
        if entry.plural:
            assert {used.ngettext(key, entry.plural, 1), used.ngettext(key, entry.plural, 2)} == set(entry.said), key
        else:
            assert used.gettext(key) == entry.said[0], key


def test_every_language_has_a_voice() -> None:
    assert {code for code, _name in settings.LANGUAGES} == set(twiml.TONGUES)


def test_numbers_in_pictures_are_not_written_with_a_comma() -> None:
    """ "12,5" is a number to a German reader and none to a browser."""
    drawn = re.compile(r"<(?:svg|rect|path|circle|line|text|progress|meter)\b[^>]*{{")
    safe = re.compile(r"{% localize off %}.*?{% endlocalize %}", re.DOTALL)
    pages = [path for path in (ROOT / "templates").rglob("*.html") if path.name != "styleguide.html"]
    assert [str(path.relative_to(ROOT)) for path in pages if drawn.search(safe.sub("", path.read_text()))] == []


def test_the_reader_of_marks_misses_none(tmp_path: Path) -> None:
    module, page = tmp_path / "a.py", tmp_path / "a.html"
    module.write_text('x = _("one"), ngettext("a %(n)d", "b", 2), tongues.later("late" "r"), pgettext("c", "d"), other("no")')
    page.write_text('{% translate "t" %}{% blocktranslate count n=n %}x {{ n }}{% plural %}y{% endblocktranslate %}{{ _("u") }}')
    assert keys_of(module) == {("", "one"), ("", "a %(n)d"), ("", "later"), ("c", "d")}
    assert keys_of(page) == {("", "t"), ("", "x %(n)s"), ("", "u")}


def _fits(entry: Entry) -> bool:
    asked = [entry.key[1], entry.plural] if entry.plural else [entry.key[1]]
    pairs = zip(asked, entry.said, strict=True)
    return all(Counter(HOLDERS.findall(one)) == Counter(HOLDERS.findall(other)) for one, other in pairs)
