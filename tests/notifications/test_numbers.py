"""What can be dialled."""

from __future__ import annotations

import pytest

from notifications import numbers


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+33 1 70 00 02 14", "+33170000214"),
        ("+33.1-70 (00) 02/14", "+33170000214"),
        ("+1 202 555 0100", "+12025550100"),
        ("555-0100", ""),
        ("0170000214", ""),
        ("+0170000214", ""),
        ("+33 1 70 duty", ""),
        ("", ""),
    ],
)
def test_only_a_number_with_its_country_is_dialled(written: str, dialled: str) -> None:
    assert numbers.dialled(written) == dialled
