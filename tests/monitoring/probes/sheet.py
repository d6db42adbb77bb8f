"""The options and defaults of every probe as docs/metrics.md shows them: `python -m tests.monitoring.probes.sheet` writes them anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import django

MARK = "*Every default has a source."
DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


def written() -> str:
    """The part of the page that is made from the probes."""
    from monitoring.probes.catalogue import PROBES

    return "\n".join(line for probe in PROBES.values() for line in _probe(probe)).rstrip() + "\n"


def _probe(probe: object) -> Iterator[str]:
    yield f"### {probe.title} (`{probe.name}`)"  # type: ignore[attr-defined]
    yield ""
    yield f"Every {probe.every_s} s, {probe.deadline_s:g} s at most. Needs: {probe.privilege or 'nothing.'}"  # type: ignore[attr-defined]
    yield ""
    if probe.options:  # type: ignore[attr-defined]
        yield "| option | meaning | default | whose |"
        yield "|---|---|---|---|"
        for one in probe.options:  # type: ignore[attr-defined]
            default = (
                "needed"
                if one.is_required
                else f"{', '.join(one.default) if isinstance(one.default, list) else one.default} {one.unit}".strip()
            )
            yield f"| `{one.name}` | {one.label} {one.help} | {default} | {one.source} |".replace("  ", " ")
        yield ""
    yield "| figure | unit | meaning | warning | critical | whose |"
    yield "|---|---|---|---|---|---|"
    for one in probe.figures:  # type: ignore[attr-defined]
        yield f"| `{one.name}` | {one.unit} | {one.label} | {one.warn} | {one.crit} | {one.source} |"
    yield ""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    head = DOCS.read_text().partition(MARK)[0]
    rest = DOCS.read_text().partition(MARK)[2].partition("\n\n")[0]
    DOCS.write_text(f"{head}{MARK}{rest}\n\n{written()}")


if __name__ == "__main__":
    main()
