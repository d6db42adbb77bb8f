"""The disk that files lie on: what is nobody's goes after a day, and nobody loses what they are about to speak of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import attaching, file_fields, vault
from servicedesk import clock
from tests.actors import NINE
from tests.incidents.racing import at_once


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Path:
    """An empty one."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def nobody(_hashes: Collection[str]) -> set[str]:
    """No row speaks of any."""
    return set()


def lies(content: bytes, *, now: datetime = NINE, age: timedelta = timedelta(days=2)) -> str:
    """A file nobody speaks of, that old; its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = vault.path_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, times=((now - age).timestamp(),) * 2)
    return sha256


@pytest.mark.django_db
def test_a_sweep_asks_for_many_files_at_once(disk: Path, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    nobodys = [lies(str(number).encode()) for number in range(vault.AT_ONCE + 1)]
    with django_assert_num_queries(2 * len(attaching.KEEPERS)):
        assert attaching.sweep(now=NINE) == len(nobodys)
    assert not any(map(vault.has, nobodys))


def test_who_comes_while_a_sweep_asks_keeps_the_file(disk: Path) -> None:
    sha256, other, now = lies(b"same", now=clock.wall()), lies(b"other", now=clock.wall()), clock.wall()

    def known(_hashes: Collection[str]) -> set[str]:
        vault.put("new.txt", [b"same"])
        return set()

    assert vault.sweep(known, now=now) == 1
    assert (vault.has(sha256), vault.has(other)) == (True, False)


def test_a_sweep_and_a_newcomer_at_the_same_moment_leave_the_file(disk: Path) -> None:
    now = clock.wall()
    for number in range(40):
        content = str(number).encode()
        sha256 = lies(content, now=now)
        at_once(partial(vault.sweep, nobody, now=now), partial(vault.put, "x", [content]))
        assert vault.path_of(sha256).read_bytes() == content


def test_two_sweeps_at_the_same_moment_remove_each_file_once(disk: Path) -> None:
    for number in range(60):
        lies(str(number).encode())
    assert sum(at_once(*[partial(vault.sweep, nobody, now=NINE)] * 3)) == 60


def test_what_a_refused_form_brings_back_is_not_swept_before_its_row(disk: Path) -> None:
    kept = vault.put("kept.png", [b"picture"])
    os.utime(vault.path_of(kept.sha256), times=(0, 0))  # as after a day of refusals, each of which begins its time anew
    assert file_fields.told(file_fields.telling(kept)) == kept
    vault.sweep(nobody, now=clock.wall())
    assert vault.has(kept.sha256)
