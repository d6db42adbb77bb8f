"""The look keeps its promises: contrast, weight, one place for colours, a symbol for every name, nothing inline."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest

from servicedesk.directory import words
from tests.house.reading import ROOT

STATIC = ROOT / "servicedesk" / "static"
PAGES = sorted((ROOT / "templates").rglob("*.html"))
LETTERS = ROOT / "templates" / "email"  # mail programs know no style sheets
ADMIN = ROOT / "templates" / "admin"  # Django's own classes, its own style sheets
SIGNED = {
    "signed.html",
    "signed_closed.html",
    "bundle.html",
    "status.html",
    "component.html",
    "incident_told.html",
}  # their style stands in the page, allowed by its hash or nonce
WEIGHTS = {"desk.css": (60_000, 12_000), "icons.svg": (60_000, 7_000), "desk.js": (60_000, 10_000)}

# token, ground, least ratio: text 4.5, what must be seen 3
TEXT = [(ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3") for ground in ("bg", "surface", "raised", "sunken")]
ACCENT = [("accent", ground, 4.5) for ground in ("bg", "surface", "sunken", "accent-soft", "own", "raised")]
ON = [
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-hover", 4.5),
    ("ink", "accent-soft", 4.5),
    ("ink-3", "accent-soft", 4.5),
    ("ink-3", "own", 4.5),
]
NOTE = [
    ("ink", "note", 4.5),
    ("ink-2", "note", 4.5),
    ("note-line", "note", 3),
    ("ink", "banner", 4.5),
    ("s1", "banner", 4.5),
    ("accent", "banner", 4.5),
]
STATES = [(tone, ground, 4.5) for tone in ("ok", "unknown", "s1", "s2", "s3", "s4") for ground in ("bg", "surface", f"{tone}-soft")]
CHIPS = [(f"sev{n}-ink", f"sev{n}-fill", 4.5) for n in (1, 2, 3)] + [(f"sev{n}-edge", "surface", 3) for n in (2, 3)]
SEEN = [("control", ground, 3) for ground in ("bg", "surface", "sunken")] + [("focus", ground, 3) for ground in ("bg", "surface", "raised")]
SERIES = [(f"c{n}", "surface", 4.5) for n in range(1, 7)]
PAIRS = TEXT + ACCENT + ON + NOTE + STATES + CHIPS + SEEN + SERIES


@cache
def css() -> str:
    return (STATIC / "desk.css").read_text()


@cache
def layer(name: str) -> str:
    return re.search(rf"^@layer {name} \{{\n(.*?)^\}}", css(), re.DOTALL | re.MULTILINE)[1]  # type: ignore[index]


@cache
def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme as the style sheet gives them."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9A-F]{6,8}), (#[0-9A-F]{6,8})\)", layer("tokens"))
    return {name: light if theme == "light" else dark for name, light, dark in pairs}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.x."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_the_known_ends() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_a_colour_can_be_read_on_its_ground(theme: str, ink: str, ground: str, least: float) -> None:
    assert contrast(tokens(theme)[ink], tokens(theme)[ground]) >= least


def test_every_colour_is_given_for_both_themes_and_the_person_may_choose() -> None:
    plain = re.sub(r"light-dark\(.*?\)", "", layer("tokens"))
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b", plain) == []
    for theme in ("light", "dark"):
        assert f'[data-theme="{theme}"] {{ color-scheme: {theme} }}' in plain


def test_colours_stand_in_the_token_layer_only() -> None:
    rest = css().replace(layer("tokens"), "")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[ ;,)}])|rgba?\(|hsla?\(|oklch\(", rest) == []


def test_every_token_used_is_given_and_every_token_given_is_used() -> None:
    given = set(re.findall(r"(--[\w-]+):", css()))
    used = set(re.findall(r"var\((--[\w-]+)", css()))
    assert used - given == set()
    assert given - used - {"--s4", "--s4-soft", "--ok-soft", "--unknown", "--unknown-soft", "--c1", "--s1-soft"} == set()


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_file_is_within_its_weight(name: str) -> None:
    raw = (STATIC / name).read_bytes()
    most, most_sent = WEIGHTS[name]
    assert len(raw) <= most
    assert len(gzip.compress(raw, 9)) <= most_sent


def test_the_scripts_of_a_page_are_within_their_weight() -> None:
    scripts = [STATIC / "desk.js", *(STATIC / "vendor").glob("*.js")]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts) <= 30_000


def symbols() -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))


def test_every_symbol_a_template_names_is_in_the_sprite() -> None:
    named = {name for page in PAGES for name in re.findall(r'{%\s*icon "([\w-]+)"', page.read_text())}
    assert named - symbols() == set()


def test_every_state_has_a_symbol_of_the_sprite_and_a_shape_of_its_own() -> None:
    looks = [look for kind in words.STATES.values() for look in kind.values()] + list(words.CHANNELS.values())
    assert {look.icon for look in looks} - symbols() == set()
    checks = words.STATES["check"].values()
    assert len({look.icon for look in checks}) == len(checks)
    assert {f"sev-{n}" for n in (1, 2, 3, 4, "none")} <= symbols()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "templates")))
def test_a_page_holds_no_inline_style_script_or_handler(page: Path) -> None:
    if LETTERS in page.parents or page.name in SIGNED:
        return
    text = page.read_text()
    assert re.findall(r"\sstyle\s*=|<style\b|<script(?![^>]*\bsrc=)|\son[a-z]+\s*=|javascript:|hx-on", text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "templates")))
def test_a_page_uses_classes_the_style_sheet_knows(page: Path) -> None:
    if {LETTERS, ADMIN} & set(page.parents) or page.name in SIGNED:
        return
    plain = re.sub(r"{%.*?%}|{{.*?}}", " ", page.read_text())
    used = {name for value in re.findall(r'\sclass="([^"]*)"', plain) for name in value.split()}
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", css()))
    assert {name for name in used if not name.endswith("-")} - known - BARE == set()


# names without a rule of their own: parts that others lean on
BARE = {"bare", "choices", "notice-info"}
