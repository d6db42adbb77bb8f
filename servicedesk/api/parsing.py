"""JSON as it must be: one meaning, bounded, no NaN. What cannot be read is said at once."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class StrictJSON(BaseParser):
    """Raises ParseError; RequestDataTooBig for a body above DATA_UPLOAD_MAX_MEMORY_SIZE."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
        try:
            return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object)
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        except json.JSONDecodeError as error:
            where = {"line": error.lineno, "column": error.colno}
            raise ParseError(_("The body is not JSON: look at line %(line)d, column %(column)d.") % where) from error
        except (RecursionError, ValueError) as error:
            raise ParseError(_("The body is not JSON that can be used: nested too deeply, or a number too long.")) from error


def _no_constant(word: str) -> NoReturn:
    raise ParseError(_("%(word)s is not a number in JSON.") % {"word": word})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ParseError(_("A field is given twice."))
    return made
