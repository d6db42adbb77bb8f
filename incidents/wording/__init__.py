"""What the desk says about its decisions: rules, severities, incidents and pages as sentences. Plain values in, text out.

Each sentence is built in the language that is active; moments come already on the reader's clock.
"""

from __future__ import annotations

from incidents.wording.clauses import duration, seen_words, severity
from incidents.wording.reasons import counted_words, reason, rule_name, why_incident, why_overridden, why_paged, why_raised, why_severity
from incidents.wording.sentences import (
    action_words,
    conditions_words,
    finding_words,
    problem_words,
    refusal,
    rule_lines,
    rule_sentence,
    telling,
)

__all__ = [
    "action_words",
    "conditions_words",
    "counted_words",
    "duration",
    "finding_words",
    "problem_words",
    "reason",
    "refusal",
    "rule_lines",
    "rule_name",
    "rule_sentence",
    "seen_words",
    "severity",
    "telling",
    "why_incident",
    "why_overridden",
    "why_paged",
    "why_raised",
    "why_severity",
]
