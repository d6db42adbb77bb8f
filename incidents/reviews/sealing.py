"""A signed review as it was: everything on the page as JSON, and a hash over it by which a stranger finds any change.

The hash proves that nothing was changed since the export, not that it is true.
"""

from __future__ import annotations

from typing import Any

from incidents.models import Exercise, PlanReview, PlanVersion
from incidents.reviews import changes
from incidents.reviews.asking import digest as digest
from servicedesk.directory.models import User

SCHEMA = 1
KEPT_EXERCISES = 20


def snapshot(review: PlanReview) -> dict[str, Any]:
    """Shape: {schema, review, plan, changes, changes_left_out, items, exercises}. Times are ISO 8601, people user names."""
    assert review.signed_at
    assert review.prepared_at
    plan = PlanVersion.objects.filter(version=review.plan_version).first()
    items = review.items.select_related("owner", "ticket", "decided_by").prefetch_related("files__added_by")
    return {
        "schema": SCHEMA,
        "review": {
            "slug": review.slug, "reason": review.reason, "period_from": review.period_from.isoformat(),
            "due_on": review.due_on.isoformat(), "prepared_at": review.prepared_at.isoformat(), "signed_at": review.signed_at.isoformat(),
            **_person("prepared_by", review.prepared_by), **_person("signed_by", review.signed_by),
            "signer_role": review.signer_role, "statement": review.statement,
        },
        "plan": {"version": review.plan_version, "document": plan.document if plan else None},
        "changes": [change.as_json() for change in changes.between(review.period_from, review.signed_at)],
        "changes_left_out": changes.left_out(review.period_from, review.signed_at),
        "items": [item.as_json() for item in items],
        "exercises": [_held(one) for one in Exercise.objects.prefetch_related("people", "findings")[:KEPT_EXERCISES]],
    }  # fmt: skip


def faults(review: PlanReview) -> list[str]:
    """What a signed review no longer is: words of the parts that differ from what was signed. Empty: whole."""
    if not review.is_signed:
        return []
    if not isinstance(review.snapshot, dict) or digest(review.snapshot) != review.sha256:
        return ["snapshot"]
    kept = {item["number"]: item for item in review.snapshot["items"]}
    items = review.items.select_related("owner", "ticket", "decided_by").prefetch_related("files__added_by")
    now = {item.number: item.as_json() for item in items}
    changed = [f"{number}" for number in sorted({*kept, *now}) if _lasting(kept.get(number)) != _lasting(now.get(number))]
    signed = review.snapshot["review"]
    is_same = (review.prepared_by_id, review.signed_by_id) == (signed["prepared_by_id"], signed["signed_by_id"])
    return changed if is_same else ["signatures", *changed]


def _person(name: str, person: User | None) -> dict[str, Any]:
    return {name: person.username if person else None, f"{name}_id": person.pk if person else None}


def _lasting(item: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without names of people, which may rightly change afterwards: their numbers do not."""
    if item is None:
        return None
    files = [{name: value for name, value in file.items() if name != "uploaded_by"} for file in item["files"]]
    return {**{name: value for name, value in item.items() if name not in ("owner", "decided_by")}, "files": files}


def export(review: PlanReview) -> dict[str, Any]:
    """{sha256, method, snapshot}: the hash is SHA-256 over the snapshot as canonical JSON."""
    method = "SHA-256 over the UTF-8 bytes of `snapshot` as JSON: keys sorted, separators ',' and ':', no escapes but those JSON needs"
    return {"sha256": review.sha256, "method": method, "proves": "unchanged since it was signed, not true", "snapshot": review.snapshot}


def _held(one: Exercise) -> dict[str, Any]:
    findings = [{"text": each.text, "closed_on": each.closed_on.isoformat() if each.closed_on else None} for each in one.findings.all()]
    return {
        "kind": one.kind, "held_on": one.held_on.isoformat(), "scenario": one.scenario, "outside_hours": one.outside_hours,
        "passed": one.passed, "minutes": one.minutes, "people": [person.username for person in one.people.all()], "findings": findings,
    }  # fmt: skip
