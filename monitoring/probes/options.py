"""Options as somebody typed them, made sure: each with its own sentence where it is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import re2
from django.utils.translation import gettext as _

from monitoring.probes.shape import Option, Probe
from monitoring.thresholds import BadRange, parse

LONGEST = 4000
THRESHOLDS = "thresholds"


class WrongOptions(ValueError):
    """`errors`: the option's name to a sentence that says what to do."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in errors.items()))
        self.errors = errors


def sure(probe: Probe, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of this probe with its value or its default, and `thresholds` by figure. Raises WrongOptions."""
    errors, made = {}, {}
    for name in sorted(set(given) - {option.name for option in probe.options} - {THRESHOLDS}):
        errors[name] = _("The probe %(probe)s has no such option.") % {"probe": probe.name}
    for option in probe.options:
        try:
            made[option.name] = value(option, given.get(option.name))
        except ValueError as error:
            errors[option.name] = str(error)
    try:
        made[THRESHOLDS] = limits(probe, given.get(THRESHOLDS) or "")
    except ValueError as error:
        errors[THRESHOLDS] = str(error)
    if errors:
        raise WrongOptions(errors)
    return made


def value(option: Option, given: Any) -> Any:
    """One option as its form asks, or its default where nothing is given. Raises ValueError with a sentence."""
    if given is None or given == "" or given == []:
        if option.is_required:
            raise ValueError(_("Is needed."))
        given = option.default
        if given == "" and option.form in ("whole", "number"):
            return None
    if isinstance(given, str) and len(given) > LONGEST:
        raise ValueError(_("At most %(most)s characters.") % {"most": LONGEST})
    form: Callable[[Option, Any], Any] = FORMS.get(option.form, _text)
    return form(option, given)


def limits(probe: Probe, given: Any) -> dict[str, tuple[str, str]]:
    """Thresholds by figure: lines "figure warning critical", where - is none. Raises ValueError with a sentence."""
    if isinstance(given, Mapping):
        lines = [f"{name} {' '.join(pair)}" for name, pair in given.items()]
    else:
        lines = [line for line in str(given).splitlines() if line.strip()]
    found = {}
    for line in lines:
        words = line.split()
        if len(words) != 3:
            raise ValueError(
                _("“%(line)s”: write a figure, its warning and its critical range, such as used_percent 80 90.") % {"line": line}
            )
        name, warn, crit = words
        if probe.figure(name) is None:
            known = ", ".join(figure.name for figure in probe.figures)
            raise ValueError(_("“%(name)s” is not measured here. There are: %(known)s.") % {"name": name, "known": known})
        found[name] = (_range(warn), _range(crit))
    return found


def _range(words: str) -> str:
    if words == "-":
        return ""
    try:
        parse(words)
    except BadRange:
        raise ValueError(_("“%(range)s” is not a range such as 10, 10:, ~:10, 10:20 or @10:20.") % {"range": words}) from None
    return words


def _text(option: Option, given: Any) -> str:
    return str(given).strip()


def _number(option: Option, given: Any) -> float:
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise ValueError(_("“%(given)s” is not a number.") % {"given": given}) from None
    if not math.isfinite(number):
        raise ValueError(_("“%(given)s” is not a number.") % {"given": given})
    low, high = (-math.inf if option.low is None else option.low), (math.inf if option.high is None else option.high)
    if not low <= number <= high:
        raise ValueError(_("%(given)s is not between %(low)g and %(high)g.") % {"given": f"{number:g}", "low": low, "high": high})
    return number


def _whole(option: Option, given: Any) -> int:
    number = _number(option, given)
    if number != int(number):
        raise ValueError(_("“%(given)s” is not a whole number.") % {"given": given})
    return int(number)


def _flag(option: Option, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    if word not in ("1", "0", "true", "false", "yes", "no", "on", "off", ""):
        raise ValueError(_("Use yes or no."))
    return word in ("1", "true", "yes", "on")


def _choice(option: Option, given: Any) -> str:
    if given not in option.choices:
        raise ValueError(_("“%(given)s” is not one of %(choices)s.") % {"given": given, "choices": ", ".join(option.choices)})
    return str(given)


def _words(option: Option, given: Any) -> list[str]:
    words = given if isinstance(given, list | tuple) else str(given).split(",")
    return [str(word).strip() for word in words if str(word).strip()]


def _lines(option: Option, given: Any) -> list[str]:
    lines = given if isinstance(given, list | tuple) else str(given).splitlines()
    return [str(line).strip() for line in lines if str(line).strip()]


def _pattern(option: Option, given: Any) -> str:
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        re2.compile(str(given), quiet)
    except re2.error as error:
        raise ValueError(_("Not a regular expression: %(why)s.") % {"why": str(error)[:200]}) from None
    return str(given)


def _host(option: Option, given: Any) -> str:
    name = str(given).strip()
    if any(sign in name for sign in "/@ \t#?\\") or not name.isprintable() or len(name) > 253:
        raise ValueError(_("“%(given)s” is not a host name or an address. Leave out scheme, port and path.") % {"given": name})
    return name


def _url(option: Option, given: Any) -> str:
    try:
        parts = urlsplit(str(given).strip())
        parts.port  # noqa: B018  (reading it is the check)
    except ValueError as error:
        raise ValueError(_("Not a URL: %(why)s.") % {"why": error}) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_("Must begin with http:// or https:// and name a host."))
    if parts.username or parts.password:
        raise ValueError(_("Leave the user and password out of the URL; there are options for them."))
    return str(given).strip()


def _path(option: Option, given: Any) -> str:
    path = str(given).strip()
    if path and not path.startswith("/"):
        raise ValueError(_("Give a whole path that begins with /."))
    if "\x00" in path:
        raise ValueError(_("Not a path."))
    return path


FORMS: Mapping[str, Callable[[Option, Any], Any]] = {
    "whole": _whole, "number": _number, "flag": _flag, "choice": _choice, "words": _words, "lines": _lines,
    "pattern": _pattern, "host": _host, "url": _url, "path": _path,
}  # fmt: skip
