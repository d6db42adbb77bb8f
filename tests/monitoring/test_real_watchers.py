"""Nagios and Icinga 2 on loopback, notifying by what their pages tell the reader to copy. Skipped where one is absent."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitoring.models import RawBody, Result
from tests.monitoring.doors import Sender, sender
from tests.monitoring.programs import program, running, soon, told_by_the_page

pytestmark = pytest.mark.django_db(transaction=True)

NAGIOS = """
cfg_file={folder}/objects.cfg
command_file={folder}/cmd
check_external_commands=1
log_file={folder}/nagios.log
object_cache_file={folder}/cache
precached_object_file={folder}/precache
status_file={folder}/status
state_retention_file={folder}/retention
retain_state_information=0
lock_file={folder}/pid
temp_file={folder}/tmp
temp_path={folder}
check_result_path={folder}/results
query_socket={folder}/query
nagios_user={user}
nagios_group={group}
use_syslog=0
execute_host_checks=0
execute_service_checks=0
enable_flap_detection=1
check_result_reaper_frequency=1
interval_length=1
check_for_updates=0
illegal_macro_output_chars=`~$&|'"<>
"""
WATCHED_BY_NAGIOS = """
define timeperiod {
  timeperiod_name 24x7
  alias always
  sunday 00:00-24:00
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
}
define command {
  command_name none
  command_line /bin/true
}
define host {
  host_name fs-02
  address 127.0.0.1
  max_check_attempts 1
  check_command none
  active_checks_enabled 0
  contacts desk
  notification_period 24x7
  notification_interval 0
}
define service {
  host_name fs-02
  service_description disk
  max_check_attempts 1
  check_command none
  active_checks_enabled 0
  contacts desk
  check_period 24x7
  notification_period 24x7
  notification_interval 0
}
"""
ICINGA = """
include <itl>
const NodeName = "here"
object Endpoint NodeName {{ }}
object Zone NodeName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object ExternalCommandListener "command" {{ command_path = "{folder}/cmd" }}
object Host "fs-02" {{ check_command = "passive", max_check_attempts = 1, enable_active_checks = false, enable_flapping = true }}
object Service "disk" {{
  host_name = "fs-02", check_command = "passive", max_check_attempts = 1, enable_active_checks = false, enable_flapping = true
}}
"""


@dataclass
class Watcher:
    desk: Sender
    folder: Path

    def command(self, *words: object) -> None:
        """One external command, as both programs take it."""
        with (self.folder / "cmd").open("w") as pipe:
            pipe.write(f"[{int(time.time())}] {';'.join(map(str, words))}\n")

    def service(self, code: int, output: str = "97%") -> None:
        self.command("PROCESS_SERVICE_CHECK_RESULT", "fs-02", "disk", code, f"DISK - {output}|used=97%;80;90")

    def host(self, code: int) -> None:
        self.command("PROCESS_HOST_CHECK_RESULT", "fs-02", code, "PING - packet loss")

    def shows(self, **open_: str) -> None:
        soon(lambda: self.desk.open() == {name.replace("__", "!").replace("_", "-"): status for name, status in open_.items()}, self.folder)

    def tells(self, kind: str) -> None:
        """A notification was kept whose kind begins so. Icinga looks for ended downtimes once a minute."""
        soon(lambda: any(f"notification_type={kind}".encode() in bytes(row.body) for row in RawBody.objects.all()), self.folder, within=120)


@contextmanager
def nagios(desk: Sender, url: str, folder: Path) -> Iterator[Watcher]:
    path, user = program("nagios4"), getpass.getuser()
    (folder / "results").mkdir()
    (folder / "nagios.cfg").write_text(NAGIOS.format(folder=folder, user=user, group=user))
    (folder / "objects.cfg").write_text(WATCHED_BY_NAGIOS + told_by_the_page("nagios", url=url, token=desk.token))
    with running(path, str(folder / "nagios.cfg"), folder=folder):
        soon((folder / "cmd").exists, folder, within=20)
        yield Watcher(desk, folder)


@contextmanager
def icinga(desk: Sender, url: str, folder: Path) -> Iterator[Watcher]:
    path, user = program("icinga2"), getpass.getuser()
    (folder / "icinga.conf").write_text(ICINGA.format(folder=folder) + told_by_the_page("icinga", url=url, token=desk.token))
    own = [f"{name}={folder}/{name}" for name in ("DataDir", "CacheDir", "LogDir", "SpoolDir", "InitRunDir")]
    for name in own:
        Path(name.partition("=")[2]).mkdir()
    constants = [word for name in (*own, f"RunAsUser={user}", f"RunAsGroup={user}") for word in ("-D", name)]
    with running(path, "daemon", "-c", str(folder / "icinga.conf"), *constants, folder=folder):
        soon((folder / "cmd").exists, folder)
        yield Watcher(desk, folder)


Started = Callable[[Sender, str, Path], Any]


@pytest.fixture(params=[nagios, icinga], ids=["nagios", "icinga"])
def watcher(request: pytest.FixtureRequest, live_server: Any, tmp_path: Path) -> Iterator[Watcher]:
    if not os.access("/usr/bin/curl", os.X_OK):
        pytest.skip("curl is not installed")
    start: Started = request.param
    with start(sender(start.__name__), live_server.url, tmp_path) as found:
        yield found


def test_a_service_has_a_problem_is_acknowledged_and_recovers(watcher: Watcher) -> None:
    watcher.service(2)
    watcher.shows(fs_02__disk="critical")
    assert [(one["name"], one["value"]) for one in Result.objects.get().metrics] == [("used", 97)]
    watcher.command("ACKNOWLEDGE_SVC_PROBLEM", "fs-02", "disk", 2, 1, 0, "dana", "looking")
    watcher.tells("ACKNOWLEDGEMENT")
    watcher.shows(fs_02__disk="critical")
    watcher.service(0)
    watcher.shows()


def test_a_host_goes_down_and_comes_back(watcher: Watcher) -> None:
    watcher.host(1)
    watcher.shows(fs_02="critical")
    watcher.host(0)
    watcher.shows()


def test_what_got_well_in_a_downtime_is_over_when_that_ends(watcher: Watcher) -> None:
    watcher.service(1)
    watcher.shows(fs_02__disk="warning")
    now = int(time.time())
    watcher.command("SCHEDULE_SVC_DOWNTIME", "fs-02", "disk", now, now + 6, 1, 0, 6, "dana", "a new disk")
    watcher.tells("DOWNTIMESTART")
    watcher.service(0)
    assert watcher.desk.open() == {"fs-02!disk": "warning"}
    watcher.tells("DOWNTIMEEND")
    watcher.shows()


def test_what_flaps_is_over_when_it_has_calmed_down(watcher: Watcher) -> None:
    for _turn in range(6):
        watcher.service(2)
        watcher.service(0)
    watcher.tells("FLAPPINGSTART")
    watcher.service(2)
    for _turn in range(22):
        watcher.service(0)
    watcher.tells("FLAPPING" + ("STOP" if watcher.desk.source.kind == "nagios" else "END"))
    watcher.shows()
