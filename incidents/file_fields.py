"""Files in a form: several at once, each judged by name, and none lost when the form is refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents import filetypes, vault
from incidents.vault import Kept
from servicedesk.uploads import LARGEST, MOST

SALT = "incidents.kept-file"
LASTS = 12 * 3600  # seconds a refused form may wait with its files; the vault keeps them a day


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Any number of files, as a list; what is wrong names the file."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent: list[UploadedFile[Any]] = [file for file in data or [] if file]
        wrong = [error for file in sent if (error := fault(file))]
        if wrong:
            raise forms.ValidationError(wrong)
        return sent


def fault(file: UploadedFile[Any]) -> str:
    """What is wrong with it, or nothing."""
    words = {"name": filetypes.clean_name(file.name or ""), "most": filesizeformat(LARGEST)}
    if not file.size:
        return _("“%(name)s” is empty. Choose another file.") % words
    if file.size > LARGEST:
        return _("“%(name)s” is larger than %(most)s. Make it smaller, or send us a link.") % words
    return ""


class FilesForm(forms.Form):
    """A form with files. `cleaned_data["files"]` holds what is on disk; after a refusal `kept` brings it back without sending it twice."""

    files = FilesField(  # type: ignore[assignment]
        label=gettext_lazy("Files"),
        required=False,
        help_text=gettext_lazy("Choose, drop or paste them: pictures, PDF or anything else, at most 10, each at most 20 MB."),
        widget=SeveralFiles(attrs={"data-files": True}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        again = [kept for kept in map(told, self.data.getlist("kept") if hasattr(self.data, "getlist") else []) if kept]
        sent = cleaned.get("files") or []
        if len(again) + len(sent) > MOST:
            said = ngettext("Send at most %(n)d file at once.", "Send at most %(n)d files at once.", MOST)
            self.add_error("files", said % {"n": MOST})
            sent = []
        cleaned["files"] = self.stored = [*again[:MOST], *(vault.put(file.name or "", file.chunks()) for file in sent)]
        return cleaned

    @property
    def kept(self) -> list[tuple[str, Kept]]:
        """What a refused form already has, with the words that bring it back."""
        return [(telling(kept), kept) for kept in getattr(self, "stored", [])]


def telling(kept: Kept) -> str:
    return signing.dumps([kept.name, kept.size, kept.sha256, kept.kind], salt=SALT)


def told(words: str) -> Kept | None:
    """What a form of ours said it has; None where it is not ours, too old or gone."""
    try:
        kept = Kept(*signing.loads(words, salt=SALT, max_age=LASTS))
    except signing.BadSignature:
        return None
    return kept if vault.renew(kept.sha256) else None
