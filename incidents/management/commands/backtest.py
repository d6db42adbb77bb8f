from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents import backtest, rules
from incidents.backtest.running import MOST_DAYS
from incidents.models import Rule
from servicedesk import clock


class Command(BaseCommand):
    help = "What a rule's newest words would have done over the last days, on the facts that were kept. Stores and sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rule", help="the rule's short name: R4")
        parser.add_argument("--days", type=int, default=90, help="how many days back (default: 90)")
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, rule: str, days: int, **options: Any) -> None:
        row = Rule.objects.filter(key__iexact=rule).first()
        if row is None:
            known = ", ".join(Rule.objects.values_list("key", flat=True))
            raise CommandError(f"There is no rule {rule!r}. Known are: {known}.", returncode=2)
        if not 0 < days <= MOST_DAYS:
            raise CommandError(f"--days is a number from 1 to {MOST_DAYS}.", returncode=2)
        try:
            report = backtest.run(row, days=days, now=clock.now())
        except rules.RuleError as error:
            raise CommandError(f"The rule cannot be read: {error}", returncode=1) from error
        if options["json"]:
            self.stdout.write(json.dumps(backtest.as_json(report), indent=1))
            return
        self.stdout.write(f"{report.key} {report.name}, version {report.version}")
        for sentence in backtest.sentences(report):
            self.stdout.write(sentence)
