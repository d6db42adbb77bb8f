"""The house keeps its rules, and each rule is shown to see what breaks it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.house import rules
from tests.house.reading import Module, product
from tests.house.reading import tests as own_tests
from tests.house.rules import PRODUCT_RULES, TEST_RULES, Rule


def broken(rule: Rule, modules: tuple[Module, ...]) -> list[str]:
    return [f"{module.path}:{line}: {what}" for module in modules for line, what in rule(module)]


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert broken(rule, product()) == []


@pytest.mark.parametrize("rule", TEST_RULES, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_rule(rule: Rule) -> None:
    assert broken(rule, own_tests()) == []


LONG = "def long(request):\n" + "    a = 1\n" * 45
BROKEN: list[tuple[Rule, str, str]] = [
    (rules.tasks_only_call, "a/tasks.py", "@shared_task\ndef t(ids):\n    if ids:\n        go(ids)\n"),
    (rules.tasks_only_call, "a/tasks.py", "@app.task(name='t')\ndef t(ids):\n" + "    go(ids)\n" * 7),
    (rules.deeds_are_told_the_time, "a/tickets.py", "def solve(ticket):\n    ticket.solved_at = clock.now()\n"),
    (rules.deeds_are_told_the_time, "a/views/x.py", "from django.utils import timezone\nnow = timezone.now()\n"),
    (rules.deeds_are_told_the_time, "a/tickets.py", "day = timezone.localdate()\n"),
    (rules.deeds_are_told_the_time, "a/tickets.py", "import datetime\nday = datetime.date.today()\n"),
    (rules.now_has_no_default, "a/b.py", "def solve(ticket, *, now=None): ...\n"),
    (rules.now_has_no_default, "a/b.py", "def solve(ticket, now=NOON): ...\n"),
    (rules.no_hidden_clocks, "a/models.py", "at = DateTimeField(auto_now_add=True)\n"),
    (rules.no_hidden_clocks, "a/models.py", "at = DateTimeField(default=timezone.now)\n"),
    (rules.only_the_doorbell_publishes, "a/tickets.py", "deliver.apply_async((1,))\n"),
    (rules.only_the_doorbell_publishes, "a/tickets.py", "from b.tasks import deliver\ndeliver.delay(1)\n"),
    (rules.only_the_doorbell_publishes, "a/tickets.py", "from b import tasks\ntasks.deliver.delay(1)\n"),
    (rules.no_signal_receivers, "a/apps.py", "from django.db.models.signals import post_save\n"),
    (rules.no_signal_receivers, "a/apps.py", "from django.dispatch import receiver\n"),
    (rules.no_signal_receivers, "a/apps.py", "import celery.signals\n"),
    (rules.saves_name_their_fields, "a/b.py", "def solve(ticket):\n    ticket.state = 'solved'\n    ticket.save()\n"),
    (rules.modules_are_short, "a/b.py", "a = 1\n" * 401),
    (rules.functions_are_short, "a/b.py", LONG),
    (rules.views_are_short, "a/views/b.py", LONG),
    (rules.imports_stand_at_the_top, "a/b.py", "def f():\n    from c import d\n"),
    (rules.no_generic_foreign_keys, "a/b.py", "from django.contrib.contenttypes.fields import GenericForeignKey\n"),
    (rules.names_say_something, "a/utils.py", ""),
    (rules.names_say_something, "a/mail_helpers.py", ""),
    (rules.tests_are_short, "tests/test_a.py", LONG.replace("long", "test_long")),
]
KEPT: list[tuple[Rule, str, str]] = [
    (rules.tasks_only_call, "a/tasks.py", "@shared_task\ndef t(ids):\n    '''Says\n    much\n    more.'''\n    go(ids, now=clock.now())\n"),
    (rules.deeds_are_told_the_time, "a/views/x.py", "now = clock.now()\n"),
    (rules.deeds_are_told_the_time, "a/tickets.py", "left = clock.wall() + deadline\n"),
    (rules.now_has_no_default, "a/b.py", "def solve(ticket, limit=5, *, now): ...\n"),
    (rules.deeds_are_told_the_time, "a/b.py", "local = timezone.localtime(at)\n"),
    (rules.only_the_doorbell_publishes, "a/b.py", "plan.delay(step)\n"),
    (rules.saves_name_their_fields, "a/b.py", "def f(t):\n    t.save(force_insert=True)\n"),
    (rules.only_the_doorbell_publishes, "servicedesk/doorbell.py", "app.send_task('t')\n"),
    (rules.saves_name_their_fields, "a/b.py", "def f():\n    t = Ticket(what='x')\n    t.save()\n"),
    (rules.saves_name_their_fields, "a/b.py", "def f(t):\n    t.state = 'x'\n    t.save(update_fields=['state'])\n"),
    (rules.saves_name_their_fields, "a/b.py", "def f(form):\n    form.save()\n"),
    (rules.saves_name_their_fields, "a/b.py", "def save(self, *a, **k):\n    super().save(*a, **k)\n"),
    (rules.names_say_something, "servicedesk/directory/models/services.py", ""),
    (rules.imports_stand_at_the_top, "a/b.py", "if TYPE_CHECKING:\n    from c import d\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_sees_what_breaks_it(rule: Rule, path: str, text: str) -> None:
    assert broken(rule, (Module(path, dedent(text)),))


@pytest.mark.parametrize(("rule", "path", "text"), KEPT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_leaves_alone_what_keeps_it(rule: Rule, path: str, text: str) -> None:
    assert broken(rule, (Module(path, dedent(text)),)) == []


def test_every_rule_is_shown_to_see() -> None:
    assert {rule for rule, _, _ in BROKEN} == {*PRODUCT_RULES, *TEST_RULES}
