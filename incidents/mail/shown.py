"""The HTML of a mail as a page of its own that can do nothing: no script, no form, no style of ours, no picture from afar. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

import nh3

from incidents import filetypes
from incidents.mail.bodies import File

MOST_MARKS = 5_000  # opening tags; the parser's time grows by the square of how deep they nest
OPENING = re.compile(r"<[a-zA-Z]")
LARGEST_PICTURE = 2_000_000
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "font",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
CELL = {"align", "valign", "colspan", "rowspan", "width", "height"}
ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "width", "height"}, "td": CELL, "th": CELL, "table": {"width", "border", "cellpadding"},
    "font": {"size"}, "ol": {"start"},
}  # fmt: skip
SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class TooComplicated(ValueError):
    """More marks than are looked at: the text and the mail as it came remain."""


def clean(html: str, files: Iterable[File] = (), *, with_remote: bool = False) -> tuple[str, int]:
    """The HTML without anything that acts, its own pictures in it, and how many pictures from afar it names.

    Those are left out unless asked for: fetching one tells the sender who read it, where and when. Raises TooComplicated.
    """
    if len(OPENING.findall(html)) > MOST_MARKS:
        raise TooComplicated
    inner, remote = {file.cid: file for file in files if file.cid}, 0

    def source(tag: str, name: str, value: str) -> str | None:
        nonlocal remote
        if tag != "img" or name != "src":
            return value
        if value.lower().startswith("cid:"):
            return _picture(inner.get(value[4:]))
        if not value.lower().startswith("https://"):
            return None
        remote += 1
        return value if with_remote else None

    plain = nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=source, url_schemes={"https", "http", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow", strip_comments=True,
    )  # fmt: skip
    return plain, remote


def _picture(file: File | None) -> str | None:
    """One of the mail's own pictures, written into the page; by its bytes, not by its name."""
    if file is None or len(file.content) > LARGEST_PICTURE:
        return None
    kind = filetypes.kind_of(file.content[: filetypes.HEAD])
    return f"data:{kind};base64,{base64.b64encode(file.content).decode()}" if kind in SHOWN else None
