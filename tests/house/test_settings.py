"""Each setting is known, read and explained; nothing else is."""

from __future__ import annotations

import ast
import re

from servicedesk import env
from tests.house.reading import ROOT, Module, name_of, product


def explained(text: str) -> set[str]:
    """Names that stand in an example file, commented out or not."""
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE))


def read_names(module: Module) -> set[str]:
    """Names given to `env.…("NAME")` and taken from os.environ."""
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and node.args and name_of(node.func).startswith(("env.", "os.environ.", "os.getenv")):
            found |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
        if isinstance(node, ast.Subscript) and name_of(node.value) == "os.environ" and isinstance(node.slice, ast.Constant):
            found.add(node.slice.value)
    return {str(name) for name in found if re.fullmatch("[A-Z][A-Z_]+", str(name))}


def read_by_the_product() -> set[str]:
    return set().union(*(read_names(module) for module in product()))


def test_every_known_setting_is_explained_and_every_explained_one_known() -> None:
    assert explained((ROOT / ".env.example").read_text()) == env.KNOWN


def test_every_setting_that_is_read_is_known() -> None:
    assert read_by_the_product() - env.KNOWN - env.INTERNAL - {"DJANGO_SETTINGS_MODULE"} - {"ANYMAIL_"} == set()


def test_every_known_setting_is_read() -> None:
    assert {name for name in env.KNOWN - read_by_the_product() if not name.startswith(env.FAMILIES)} == set()


def test_reserved_names_are_not_read_yet() -> None:
    assert env.RESERVED & read_by_the_product() == set()


def test_only_settings_and_process_starts_read_the_environment() -> None:
    readers = {module.path for module in product() if "os.environ" in module.text}
    allowed = {
        "servicedesk/settings.py",
        "servicedesk/environment.py",
        "servicedesk/checks.py",
        "servicedesk/pulse.py",
        "servicedesk/celery.py",
        "servicedesk/wsgi.py",
    }
    operations = {"servicedesk/operations/supervisor.py", "servicedesk/operations/management/commands/engine.py"}
    assert readers - allowed - operations == set()


def test_the_reader_sees_names_and_the_examples() -> None:
    module = Module("a.py", 'env.text("PORT")\nos.environ["BIND"]\nos.environ.get("DEBUG")\nother.text("NO")\n')
    assert read_names(module) == {"PORT", "BIND", "DEBUG"}
    assert explained("#PORT=8000\nDEBUG=0\n# words = more\n") == {"PORT", "DEBUG"}
