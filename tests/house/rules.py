"""The rules of the house. Each takes a module and tells where it is broken: line and what is wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from tests.house.reading import Function, Module, length, name_of

Rule = Callable[[Module], Iterator[tuple[int, str]]]

BRANCHES = ast.If | ast.For | ast.While | ast.Try | ast.Match | ast.IfExp | ast.With
PUBLISHING = {"apply_async", "send_task", "delay_on_commit", "apply_async_on_commit"}
REAL_CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
CLOCKS_WITHOUT_A_VALUE = {"timezone.localdate", "timezone.localtime"}
SAYS_WHAT = {"update_fields", "force_insert", None}
# who may ask what time it is: the edges, where a person, a broker or the engine comes in
EDGES = {
    "views",
    "tasks",
    "commands",
    "admin",
    "desk_admin",
    "api",
    "engine",
    "middleware",
    "adapters",
    "by_directory",
    "setup",
    "styleguide",
    "door",
    "clock",
}
VAGUE = re.compile(r"(^|_)(utils?|helpers?|services?|managers?|common|misc)$")


def tasks_only_call(module: Module) -> Iterator[tuple[int, str]]:
    """A Celery task is at most six lines and decides nothing."""
    for function in module.functions():
        if any(name_of(one).endswith(("shared_task", ".task")) for one in function.decorator_list):
            if length(function) > 6:
                yield function.lineno, f"task {function.name} is {length(function)} lines long"
            if any(isinstance(node, BRANCHES) for node in ast.walk(function)):
                yield function.lineno, f"task {function.name} branches"


def deeds_are_told_the_time(module: Module) -> Iterator[tuple[int, str]]:
    """Only edges ask `clock.now()`; nobody else asks any clock for the date."""
    for call in module.calls():
        name = name_of(call.func)
        if name.endswith("clock.now") and not module.parts & EDGES:
            yield call.lineno, f"{name}() in a deed"
        asked = REAL_CLOCKS if call.args else REAL_CLOCKS | CLOCKS_WITHOUT_A_VALUE
        if any(name == clock or name.endswith(f".{clock}") for clock in asked) and "clock" not in module.parts:
            yield call.lineno, f"{name}() goes past clock"


def now_has_no_default(module: Module) -> Iterator[tuple[int, str]]:
    for function in module.functions():
        arguments = function.args
        positional = arguments.posonlyargs + arguments.args
        defaulted = [one.arg for one in positional[len(positional) - len(arguments.defaults) :]]
        defaulted += [one.arg for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default]
        if "now" in defaulted:
            yield function.lineno, f"{function.name} has a default for now"


def no_hidden_clocks(module: Module) -> Iterator[tuple[int, str]]:
    """`default=timezone.now`, auto_now and auto_now_add are clocks nobody sees."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.value.lineno, f"{node.arg} is a hidden clock"
        if isinstance(node, ast.keyword) and name_of(node.value).endswith("timezone.now"):
            yield node.value.lineno, "timezone.now is a hidden clock"


def only_the_doorbell_publishes(module: Module) -> Iterator[tuple[int, str]]:
    if module.path == "servicedesk/doorbell.py":
        return
    tasks = set(_tasks_in_sight(module))
    for call in module.calls():
        owner, _, verb = name_of(call.func).rpartition(".")
        if verb in PUBLISHING or (verb == "delay" and owner.partition(".")[0] in tasks):
            yield call.lineno, f"{owner}.{verb}() publishes past the doorbell"


def _tasks_in_sight(module: Module) -> Iterator[str]:
    """Names that stand for tasks here: imported from a tasks module, or made in this one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names if (node.module or "").endswith("tasks") or one.name == "tasks")
        if isinstance(node, Function) and any(name_of(one).endswith(("shared_task", ".task")) for one in node.decorator_list):
            yield node.name


def no_signal_receivers(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if source == "django.dispatch" or source.endswith("signals"):
            yield node.lineno, f"imports from {source}"  # type: ignore[attr-defined]
        if isinstance(node, ast.Import) and any(one.name.endswith("signals") for one in node.names):
            yield node.lineno, "imports signals"


def saves_name_their_fields(module: Module) -> Iterator[tuple[int, str]]:
    """`.save(update_fields=[…])`, but for a row made here (or said to be new by force_insert), a form and `super()`."""
    for function in module.functions():
        made = {target.id for target in _targets(function)}
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "save":
                owner = name_of(call.func.value)
                spared = owner in made or "form" in owner.lower() or owner == "super" or call.args
                if not spared and not any(one.arg in SAYS_WHAT for one in call.keywords):
                    yield call.lineno, f"{owner}.save() names no fields"


def _targets(function: Function) -> Iterator[ast.Name]:
    """Names that the function gives a row it makes: `ticket = Ticket(…)`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _makes_a_row(node.value):
            yield from (target for target in node.targets if isinstance(target, ast.Name))


def _makes_a_row(call: ast.Call) -> bool:
    name = name_of(call).rpartition(".")[2]
    return name[:1].isupper() or name == "model"


def modules_are_short(module: Module) -> Iterator[tuple[int, str]]:
    lines = module.text.count("\n")
    if lines > 400:
        yield 400, f"{lines} lines"


def functions_are_short(module: Module) -> Iterator[tuple[int, str]]:
    for function in module.functions():
        if length(function) > 40:
            yield function.lineno, f"{function.name} is {length(function)} lines long"


def views_are_short(module: Module) -> Iterator[tuple[int, str]]:
    for function in module.functions():
        first = function.args.args[0].arg if function.args.args else ""
        if "views" in module.parts and first == "request" and length(function) > 30:
            yield function.lineno, f"view {function.name} is {length(function)} lines long"


def imports_stand_at_the_top(module: Module) -> Iterator[tuple[int, str]]:
    for function in module.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, f"{function.name} imports inside"


def no_generic_foreign_keys(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and "contenttypes" in (node.module or "") and any("Generic" in one.name for one in node.names):
            yield node.lineno, "a key to anything"


def names_say_something(module: Module) -> Iterator[tuple[int, str]]:
    """No utils, helpers, services, manager: a module is named for its thing."""
    stem = PurePath(module.path).stem
    if VAGUE.search(stem) and "models" not in module.parts:  # a service is one of our nouns
        yield 1, f"{stem} says nothing"


PRODUCT_RULES: tuple[Rule, ...] = (
    tasks_only_call,
    deeds_are_told_the_time,
    now_has_no_default,
    no_hidden_clocks,
    only_the_doorbell_publishes,
    no_signal_receivers,
    saves_name_their_fields,
    modules_are_short,
    functions_are_short,
    views_are_short,
    imports_stand_at_the_top,
    no_generic_foreign_keys,
    names_say_something,
)


def tests_are_short(module: Module) -> Iterator[tuple[int, str]]:
    for function in module.functions():
        if function.name.startswith("test_") and length(function) > 25:
            yield function.lineno, f"{function.name} is {length(function)} lines long"


TEST_RULES: tuple[Rule, ...] = (tests_are_short, modules_are_short)
