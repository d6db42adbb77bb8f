"""The file of another desk's tickets and the map that reads it. A file that was sent once is not asked for again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import file_fields, vault
from incidents.imports import work
from incidents.imports.mapping import BadMap
from incidents.imports.reading import CannotRead
from incidents.vault import Kept


class ImportForm(forms.Form):
    """`cleaned_data["file"]` is on disk; `map` is a name of work.map_called. Map and file are tried together."""

    file = forms.FileField(label=gettext_lazy("File"), required=False, help_text=gettext_lazy("CSV or JSON, at most 20 MB."))
    map = forms.ChoiceField(label=gettext_lazy("Where it comes from"))
    own_map = forms.FileField(
        label=gettext_lazy("Or a map of your own"), required=False, help_text=gettext_lazy("JSON; docs/imports.md says how it is written.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["map"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = list(work.shipped().items())
        self.kept = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sent, said = cleaned.get("file"), file_fields.told(self.data.get("kept", ""))
        if sent is not None and (wrong := file_fields.fault(sent)):
            self.add_error("file", wrong)
        kept = vault.put(sent.name or "", sent.chunks()) if sent else said
        if kept is None:
            self.add_error("file", _("Choose the file again"))
        if self.errors or kept is None:
            return cleaned
        self.kept = file_fields.telling(kept)
        cleaned["file"], cleaned["map"] = kept, self._map(cleaned)
        self._try(kept, cleaned["map"])
        return cleaned

    def _map(self, cleaned: dict[str, Any]) -> str:
        """The chosen map, or the path of one that was sent; it comes back with the preview."""
        own = cleaned.get("own_map")
        again = file_fields.told(self.data.get("kept_map", ""))
        if own is not None:
            again = vault.put(own.name or "", own.chunks())
        self.kept_map = file_fields.telling(again) if again else ""
        return str(vault.path_of(again.sha256)) if again else str(cleaned["map"])

    def _try(self, kept: Kept, map_name: str) -> None:
        try:
            work.told(Path(vault.path_of(kept.sha256)).read_bytes(), work.map_called(map_name))
        except BadMap as error:
            self.add_error("own_map" if self.kept_map else "map", str(error))
        except CannotRead as error:
            self.add_error("file", str(error))
