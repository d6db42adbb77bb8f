"""Text messages in one segment: fold any text to the GSM-7 alphabet, count its units, and fit it into 160.

One character outside the alphabet turns the limit of a segment from 160 to 70, so nothing is counted before it is
folded. `[ ] { } | ~ ^ \\ €` and the form feed cost two units each (3GPP TS 23.038, default alphabet and extension).
"""

# ruff: noqa: RUF001  (the odd characters are the subject)
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SEGMENT = 160
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
ALPHABET = BASIC | EXTENSION
ELLIPSIS = "..."
STUMP = 24  # units: a shorter beginning of a title says little, so the next part is shortened first

_SWAPS = {
    "'": "`´‘’‚‛′‹›ʹʻʼˈ",
    '"': "“”„‟″«»〝〞",
    "-": "‐‑‒–—―−⁃﹘﹣",
    "(": "[{⟨⟦【〔",
    ")": "]}⟩⟧】〕",
    "/": "⁄∕÷",
    "*": "•‣●▪◦∙⋅·",
    "...": "…",
    "->": "→⇒➔➜",
    "<-": "←⇐",
    "<->": "↔⇔",
    "up": "↑",
    "down": "↓",
    ">=": "≥",
    "<=": "≤",
    "!=": "≠",
    "+/-": "±",
    "~": "≈",
    "x": "×",
    "u": "µμ",
    "deg": "°",
    "(c)": "©",
    "(r)": "®",
    "oe": "œ",
    "OE": "Œ",
    "d": "đð",
    "D": "ĐÐ",
    "l": "ł",
    "L": "Ł",
    "h": "ħ",
    "i": "ı",
    "k": "ĸ",
    "t": "ŧ",
    "T": "Ŧ",
    "th": "þ",
    "Th": "Þ",
    "SS": "ẞ",
}
SWAP = str.maketrans({odd: plain for plain, odds in _SWAPS.items() for odd in odds})
LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message: `cut` 0 is never touched, 1 is shortened first, then 2 and so on; `tail` closes it."""

    text: str
    cut: int = 0
    tail: str = ""


def fits_alphabet(text: str) -> bool:
    return ALPHABET.issuperset(text)


def units(text: str) -> int:
    """How many GSM-7 units `text` takes; ValueError for a character outside the alphabet."""
    odd = set(text) - ALPHABET
    if odd:
        raise ValueError(f"not in the GSM-7 alphabet: {sorted(odd)!r}")
    return len(text) + sum(char in EXTENSION for char in text)


def fold(text: str) -> str:
    """`text` in GSM-7 on one line: look-alikes for what has one, `?` for words in other scripts, emoji dropped; links stay."""
    pieces: list[str] = []
    end = 0
    for link in LINK.finditer(text):
        if fits_alphabet(link.group()):
            pieces += [_fold(text[end : link.start()]), link.group()]
            end = link.end()
    pieces.append(_fold(text[end:]))
    return " ".join("".join(pieces).split())


def fit(parts: Sequence[Part], limit: int = SEGMENT) -> str:
    """The parts as one message of at most `limit` units: shortened in the order of their `cut`, then left out in it.

    Parts with cut 0 (severity, id, action, link) stand as they are: if they alone pass the limit, the message does
    too, since a page in two segments is better than a page without its link.
    """
    texts = [part.text if part.cut == 0 and _is_clean(part.text) else fold(part.text) for part in parts]
    tails = [fold(part.tail) for part in parts]
    for shorten in (_shortened, _left_out):
        for index in _in_order_of_cutting(parts):
            over = units(_joined(texts, tails)) - limit
            if over > 0:
                texts[index], tails[index] = shorten(texts[index], tails[index], over)
    return _joined(texts, tails)


def _in_order_of_cutting(parts: Sequence[Part]) -> Iterator[int]:
    cuttable = [(part.cut, -index) for index, part in enumerate(parts) if part.cut]
    return (-index for _, index in sorted(cuttable))


def _joined(texts: Sequence[str], tails: Sequence[str]) -> str:
    return " ".join(text + tail for text, tail in zip(texts, tails, strict=True) if text)


def _shortened(text: str, tail: str, over: int) -> tuple[str, str]:
    """The text with an ellipsis for its tail, `over` units less if that leaves a stump worth reading."""
    if units(text) <= STUMP:
        return text, tail
    return _head(text, max(STUMP, units(text) + units(tail) - len(ELLIPSIS) - over)), ELLIPSIS


def _left_out(_text: str, _tail: str, _over: int) -> tuple[str, str]:
    return "", ""


def _head(text: str, room: int) -> str:
    """The longest beginning of at most `room` units, ending at a word where that costs less than half of it."""
    used, end = 0, 0
    for char in text:
        used += 2 if char in EXTENSION else 1
        if used > room:
            break
        end += 1
    head = text[:end]
    word = head.rpartition(" ")[0] if text[end : end + 1].strip() else head
    return (word if len(word) * 2 > len(head) else head).rstrip(" .,;:-")


def _is_clean(text: str) -> bool:
    return fits_alphabet(text) and text == " ".join(text.split())


def _fold(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).translate(SWAP)
    return re.sub(r"\x00+", "?", "".join(char if char in ALPHABET and char.isprintable() else _plain(char) for char in composed))


def _plain(char: str) -> str:
    """The nearest GSM-7 text for one character; a NUL stands for a letter of another script until runs are joined."""
    if char.isspace():
        return " "
    bare = unicodedata.normalize("NFKD", char).translate(SWAP)
    kept = "".join(part for part in bare if part in ALPHABET and part.isprintable())
    if kept:
        return kept
    return "\x00" if unicodedata.category(char)[0] in "LN" else ""
