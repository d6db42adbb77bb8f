"""The front-end files that are shipped are the ones their packages hold."""

from __future__ import annotations

import hashlib
import runpy
from typing import Any

import pytest

from tests.house.reading import ROOT

VENDOR = runpy.run_path(str(ROOT / "deploy" / "vendor.py"))


@pytest.mark.parametrize("one", VENDOR["FILES"], ids=lambda one: one.name)
def test_a_vendored_file_has_its_checksum(one: Any) -> None:
    assert hashlib.sha256((VENDOR["FOLDER"] / one.name).read_bytes()).hexdigest() == one.sha256


def test_nothing_is_vendored_without_a_checksum_and_a_licence() -> None:
    names = {path.name for path in VENDOR["FOLDER"].iterdir()}
    assert names == {one.name for one in VENDOR["FILES"]}
    assert {one.package for one in VENDOR["FILES"]} == {one.package for one in VENDOR["FILES"] if one.member == "LICENSE"}
