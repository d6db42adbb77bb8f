"""A rule as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from incidents.rules import AUDIENCES, FIELDS, JSON, Action, Finding, Repeat, Rule, RuleError, Tree
from incidents.rules.conditions import leaves
from incidents.wording.clauses import alternatives, clause, duration, listed, severity, told

SAME: Mapping[str, str | Promise] = {
    "requester": later("the same requester"),
    "service": later("the same service"),
    "site": later("the same site"),
    "category": later("the same category"),
    "check": later("the same check"),
    "status": later("the same status"),
    "text": later("similar text"),
}


def rule_sentence(rule: Rule) -> str:
    """ "If everyone is impacted and cannot work, then SEV1." """
    needs = [conditions_words(rule.conditions)] if rule.conditions.get("all", True) else []
    if rule.repeat is not None and rule.repeat.at_least > 1:
        needs.append(repeat_words(rule.repeat))
    then = actions_words(rule.actions)
    if not needs:
        return capfirst(_("always %(then)s.") % {"then": then})
    return _("If %(when)s, then %(then)s.") % {"when": listed(needs), "then": then}


def telling(rule: Rule) -> list[str]:
    """The parts of its sentence that tell it from others, as they stand in it: values, counts, windows, what is done."""
    leaves_of = [*leaves(rule.conditions), *(leaf for action in rule.actions if action.when for leaf in leaves(action.when))]
    parts = [part for leaf in leaves_of for part in told(leaf)]
    if rule.repeat is not None and rule.repeat.at_least > 1:
        repeat = rule.repeat
        parts += [duration(repeat.within_s), f"{repeat.at_least}", *(str(SAME[name]) for name in repeat.same)]
        parts += [f"{repeat.times_usual:g}"] if repeat.times_usual else []
    for action in rule.actions:
        ranks = [severity(cast("int", action.args[name])) for name in ("to", "at_least", "cap") if isinstance(action.args.get(name), int)]
        parts += ranks or [DEEDS[action.do](action.args)]
    return [part for part in parts if part]


def finding_words(found: Finding) -> str:
    """What is wrong with a rule."""
    return _(found.msgid) % found.said if found.said else _(found.msgid)


def problem_words(error: RuleError) -> str:
    """What to do about a rule that cannot be read."""
    return _(error.msgid) % error.said if error.said else _(error.msgid)


def refusal(error: RuleError) -> str:
    """The same with the part it is about."""
    return f"{error.path}: {problem_words(error)}"


def conditions_words(tree: Tree, *, inside: bool = False) -> str:
    """A tree as a clause; alternatives among needs, and needs among alternatives, stand in brackets."""
    if "field" in tree:
        words = clause(tree)
        return _("(%(what)s)") % {"what": words} if inside and tree["op"] == "in" and FIELDS[cast("str", tree["field"])].clauses else words
    if "not" in tree:
        inner = cast("Tree", tree["not"])
        return clause(inner, holds=False) if "field" in inner else _("not (%(what)s)") % {"what": conditions_words(inner)}
    if not tree.get("all", tree.get("any")):
        return _("always") if "all" in tree else _("never")
    if "all" in tree:
        words = listed([conditions_words(part, inside=True) for part in cast("Sequence[Tree]", tree["all"])])
    else:
        words = alternatives([conditions_words(part, inside=True) for part in cast("Sequence[Tree]", tree["any"])])
    return _("(%(what)s)") % {"what": words} if inside else words


def repeat_words(repeat: Repeat) -> str:
    """ "at least 3 people report the same service and similar text within 30 min (3 times the usual)" """
    window = duration(repeat.within_s)
    if repeat.is_return:
        return _("the same person reports the same service within %(window)s after it was solved") % {"window": window}
    said = {"n": repeat.at_least, "window": window, "same": listed([str(SAME[name]) for name in repeat.same])}
    if repeat.of == "alerts":
        words = _("at least %(n)d alerts have %(same)s within %(window)s") % said
    elif repeat.distinct_people:
        words = _("at least %(n)d people report %(same)s within %(window)s") % said
    else:
        words = _("at least %(n)d reports have %(same)s within %(window)s") % said
    solved = _("those before were solved first") if repeat.after_solved else ""
    more = [part for part in (solved, _usual(repeat), _until(repeat)) if part]
    return _("%(words)s (%(more)s)") % {"words": words, "more": "; ".join(more)} if more else words


def _usual(repeat: Repeat) -> str:
    return _("%(times)s times the usual") % {"times": f"{repeat.times_usual:g}"} if repeat.times_usual else ""


def _until(repeat: Repeat) -> str:
    if not repeat.at_least_without_history:
        return ""
    said = {"weeks": f"{repeat.weeks_of_history:g}", "n": repeat.at_least_without_history}
    return _("until %(weeks)s weeks are known, %(n)d without similar text are enough") % said


def actions_words(actions: Sequence[Action]) -> str:
    """The actions in order; a proposal after a declaration that may not come is its other side."""
    maybe = any(action.do == "declare" and action.when is not None for action in actions)
    words = [action_words(action) for action in actions]
    for at, action in enumerate(actions):
        if maybe and action.do == "propose":
            words[at] = _("otherwise %(what)s") % {"what": words[at]}
    return listed(words) or _("nothing is done")


def action_words(action: Action) -> str:
    """ "propose an incident"; with its own condition: "declare an incident (when outside desk hours)"."""
    words = DEEDS[action.do](action.args)
    if action.when is None:
        return words
    return _("%(what)s (when %(when)s)") % {"what": words, "when": conditions_words(action.when)}


def _rank(args: Mapping[str, JSON], name: str = "to") -> str:
    return severity(cast("int", args[name]))


def _raises(args: Mapping[str, JSON]) -> str:
    if args.get("at_least"):
        return _("at least %(severity)s") % {"severity": _rank(args, "at_least")}
    said = {"n": args["levels"], "severity": _rank(args, "cap") if args.get("cap") else ""}
    return (_("raise the severity by %(n)s, at most to %(severity)s") if args.get("cap") else _("raise the severity by %(n)s")) % said


def _declares(args: Mapping[str, JSON]) -> str:
    if args.get("policy"):
        return _("declare an incident with the policy %(policy)s") % {"policy": args["policy"]}
    return _("declare an incident")


def _kind(args: Mapping[str, JSON]) -> str:
    return _("the kind is %(kind)s") % {"kind": _(FIELDS["ticket.kind"].choices[cast("str", args["to"])])}


DEEDS: Mapping[str, Callable[[Mapping[str, JSON]], str]] = {
    "set_severity": _rank,
    "raise_severity": _raises,
    "set_kind": _kind,
    "propose": lambda _args: _("propose an incident"),
    "declare": _declares,
    "assign_team": lambda args: _("assign to %(team)s") % {"team": args["team"]},
    "notify": lambda args: _("notify %(audience)s") % {"audience": _(AUDIENCES[cast("str", args["audience"])])},
    "add_tag": lambda args: _("add the tag %(tag)s") % {"tag": args["tag"]},
    "confidential": lambda _args: _("confidential"),
    "category": lambda args: _("category %(category)s") % {"category": args["to"]},
    "policy": lambda args: _("policy %(policy)s") % {"policy": args["to"]},
}


def rule_lines(rule: Rule) -> list[str]:
    """A rule part by part, so that two versions can be laid side by side."""
    parts = cast("Sequence[Tree]", rule.conditions.get("all", (rule.conditions,)))
    lines = [conditions_words(part) for part in parts]
    if rule.repeat is not None:
        lines.append(repeat_words(rule.repeat))
    lines += [_("then %(what)s") % {"what": action_words(action)} for action in rule.actions]
    lines.append(_("one incident for each %(group)s") % {"group": rule.group})
    if rule.fire_cap:
        lines.append(_("at most %(n)d incidents an hour") % {"n": rule.fire_cap})
    return lines
