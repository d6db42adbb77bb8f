"""`make messages`: what is said, gathered for translators; needs GNU gettext, which a desk itself does not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Knows our own marks (`later`), guesses nothing, and leaves out line numbers, which change with every edit."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=later:1", "--keyword=later_of:1,2"]
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        options["locale"] = options["locale"] or languages
        options["ignore_patterns"] = [*options["ignore_patterns"], ".venv", ".tools", "var", "tests", "bench", "deploy"]
        options["no_location"] = options["no_wrap"] = options["no_obsolete"] = True
        super().handle(*args, **options)
