"""Every word a person reads in a template is marked for translation."""

from __future__ import annotations

import pytest

from tests.house.reading import ROOT
from tests.house.wording import unmarked

# the styleguide is for those who build pages, and is not served to others
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.suffix in {".html", ".txt"} and path.stem != "styleguide")

SEEN = [
    ("<p>Nothing here yet</p>", "Nothing here yet"),
    ('<a title="Go back" href="/">{{ name }}</a>', "Go back"),
    ('<input type="submit" value="Send">', "Send"),
    ("<p>{% translate 'Since' %} then {{ at }}</p>", "then"),
    ("{% if late %}late{% endif %}", "late"),
    ("Hello {{ name }},\n", "Hello ,"),
]
LEFT_ALONE = [
    "<p>{% translate 'Nothing here yet' %}</p>",
    "{% blocktranslate count n=n %}one ticket{% plural %}{{ n }} tickets{% endblocktranslate %}",
    '<a title="{% translate "Go back" %}" class="btn wide" href="/tickets/">→</a>',
    "<code>POST /in/results/</code><script>let word = 'one two'</script>",
    "{# a word to those who read this #}{% comment %}more words{% endcomment %}",
    "<b>{{ person.name }}</b> · 12 · INC-{{ number }}",
    '<input type="hidden" value="solved">',
    "{% extends 'base.html' %}{% block kind %}portal bare{% endblock %}",
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_every_word_is_marked(path: object) -> None:
    assert [f"line {line}: {text}" for line, text in unmarked(path.read_text())] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("template", "text"), SEEN)
def test_a_word_that_is_not_marked_is_seen(template: str, text: str) -> None:
    assert [found for _, found in unmarked(template)] == [text]


@pytest.mark.parametrize("template", LEFT_ALONE)
def test_what_is_marked_or_no_word_is_left_alone(template: str) -> None:
    assert list(unmarked(template)) == []


def test_lines_are_counted_past_what_is_taken_out() -> None:
    assert list(unmarked("{% if a\n or b %}\n<p>\n  word</p>{% endif %}")) == [(3, "word")]
