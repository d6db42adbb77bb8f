"""`check_ldap [LOGIN]`: try the company's directory step by step. Exit 0: all that was tried works; 1: what does not, and what to do."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

from servicedesk.directory import ldap
from servicedesk.directory.models import Team


class Command(BaseCommand):
    help = "Try the company's directory (LDAP_*): reach it, search it, and with LOGIN what it says of somebody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", nargs="?", help="who signs in there; nothing is made or changed here")
        parser.add_argument("--password", action="store_true", help="ask for their password and try it")

    def handle(self, *args: Any, login: str | None, password: bool, **options: Any) -> None:
        if not ldap.is_set_up():
            self._fail("LDAP_URL is not set: there is no directory. .env.example says what it needs.")
        self._servers()
        try:
            ldap.find(login or "nobody-is-called-this")
            self.stdout.write(f"ok    it answers a search under {settings.LDAP['user_base']}")
            if login:
                self._person(login, asks=password)
        except ldap.Away as error:
            self._fail(f"{error}. Look at LDAP_URL, LDAP_CA_FILE, LDAP_BIND_DN and LDAP_USER_BASE, in this order.")
        self._teams()

    def _servers(self) -> None:
        for server in settings.LDAP["servers"]:
            how = "TLS" if server["tls"] else "StartTLS" if server["starttls"] else "NOT ENCRYPTED: passwords go over the wire as they are"
            fault = ldap.fault_of(server)
            self.stdout.write(
                f"{'ok   ' if not fault else 'wrong'} {server['host']}:{server['port']}, {how}{': ' + fault if fault else ''}"
            )

    def _person(self, login: str, *, asks: bool) -> None:
        entry = ldap.find(login)
        if entry is None:
            self._fail(f"{login}: nobody, or more than one, for LDAP_USER_FILTER {settings.LDAP['user_filter']}.")
        self.stdout.write(f"ok    {login} is {entry.dn}")
        for ours, theirs in settings.LDAP["attributes"].items():
            value = entry.key if ours == "id" else entry.values[ours]
            self.stdout.write(f"{'ok   ' if value else 'empty'} {ours} ({theirs}): {value}")
        if not entry.key:
            self._fail("Without an id nobody comes in: name another attribute in LDAP_ATTRIBUTES, such as id=objectGUID.")
        self.stdout.write(f"ok    groups: {', '.join(sorted(entry.groups)) or 'none'}")
        given = [
            f"{role}{':' + team if team else ''}" for group, (role, team) in settings.LDAP_GROUPS.items() if group.lower() in entry.groups
        ]
        self.stdout.write(f"ok    LDAP_GROUPS gives: {', '.join(given) or 'nothing; they report and ask as employees'}")
        if not entry.is_active:
            self._fail(f"{login} is switched off there, and is refused here.")
        if asks and not ldap.fits(entry, getpass.getpass(f"Password of {login}: ")):
            self._fail("The directory does not take that password.")

    def _teams(self) -> None:
        known = set(Team.objects.values_list("slug", flat=True))
        strange = sorted({team for _role, team in settings.LDAP_GROUPS.values() if team and team not in known})
        if strange:
            self._fail(f"LDAP_GROUPS names teams that are not here: {', '.join(strange)}.")
        self.stdout.write("All that was tried works. Now sign in once by hand.")

    def _fail(self, words: str) -> NoReturn:
        self.stdout.write(f"wrong {words}")
        sys.exit(1)
