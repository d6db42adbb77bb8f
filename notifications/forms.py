"""What people are asked about how they are reached."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.validators import URLValidator, validate_email
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext_lazy as _

from notifications import numbers
from notifications.channels import DeliveryFailed, apprise, push
from notifications.methods import Step
from notifications.models import WAKING, Channel, ContactMethod, Topic
from servicedesk.directory import tongues, zones
from servicedesk.directory.again import ProofField, has_password
from servicedesk.directory.models import User

KINDS = (Channel.SMS, Channel.VOICE, Channel.EMAIL, Channel.CHAT, Channel.APPRISE)
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MOST_MIN = 120
NO_BROWSER = _("This browser gave no address to send to. Press the button once more")
OWN_NAMES = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]


class PasswordForm(forms.Form):
    """Whoever changes how somebody is reached shows once more that it is they."""

    password = ProofField(error_messages={"required": _("Enter your password")})

    def __init__(self, *args: Any, person: User, is_needed: bool = True, session: SessionBase | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proof = self.fields["password"]
        assert isinstance(proof, ProofField)
        proof.person, proof.session = person, session
        if not is_needed or not has_password(person):
            del self.fields["password"]


def service_name(written: str) -> str:
    """What a service is called that is told by Apprise; ValidationError with what to do."""
    try:
        return apprise.named(written)
    except apprise.NotAllowed as error:
        words = {"schemas": ", ".join(sorted(f"{one}://" for one in settings.APPRISE_SCHEMAS))}
        raise forms.ValidationError(_("Paste an Apprise address that begins with one of %(schemas)s"), params=words) from error
    except apprise.NotUnderstood as error:
        raise forms.ValidationError(_("Apprise does not understand this address: look up how the service writes it")) from error
    except DeliveryFailed as error:
        raise forms.ValidationError(error.reason) from error


class AddForm(PasswordForm):
    kind = forms.ChoiceField(label=_("Way"), choices=[(kind.value, kind.label) for kind in KINDS])
    address = forms.CharField(
        label=_("Number or address"),
        max_length=500,
        help_text=_(
            "A number with + and the country, such as +33 6 00 00 00 01; for a chat the address of its incoming webhook; "
            "for another service its Apprise address, such as pover://user@token."
        ),
        error_messages={"required": _("Enter a number or an address")},
    )
    field_order = ("kind", "address", "password")
    secret = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        written = cleaned.get("address", "").strip()
        if written and cleaned.get("kind") == Channel.EMAIL:
            self._mail(written)
        elif written and cleaned.get("kind") == Channel.CHAT:
            self._web(written)
        elif written and cleaned.get("kind") == Channel.APPRISE:
            self._service(written)
        elif written:
            cleaned["address"] = numbers.dialled(written)
            if not cleaned["address"]:
                self.add_error("address", _("Write the number with + and the country, such as +33 6 00 00 00 01"))
        return cleaned

    def _mail(self, written: str) -> None:
        self.cleaned_data["address"] = written.lower()
        try:
            validate_email(written)
        except forms.ValidationError as error:
            self.add_error("address", error)

    def _service(self, written: str) -> None:
        """Kept sealed; the method bears the service's name."""
        try:
            self.cleaned_data["address"], self.secret = service_name(written), written
        except forms.ValidationError as error:
            self.add_error("address", error)

    def _web(self, written: str) -> None:
        self.cleaned_data["address"] = written
        try:
            URLValidator(schemes=["https", "http"])(written)
        except forms.ValidationError:
            self.add_error("address", _("Paste the whole address of the webhook, beginning with https://"))


class BrowserForm(PasswordForm):
    """What a browser gives of itself when its owner lets the desk write to it."""

    subscription = forms.CharField(max_length=2_000, widget=forms.HiddenInput, error_messages={"required": NO_BROWSER})
    field_order = ("subscription", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="browser_%s", **kwargs)  # another form of the page asks for a password too

    def clean_subscription(self) -> str:
        """The same with nothing else in it: where to send, and the keys to seal with."""
        try:
            given = json.loads(self.cleaned_data["subscription"])
            kept = {"endpoint": given["endpoint"], "keys": {name: given["keys"][name] for name in ("p256dh", "auth")}}
            URLValidator(schemes=["https"])(kept["endpoint"])
            push.encrypt(b"", kept["keys"]["p256dh"], kept["keys"]["auth"])
        except (ValueError, KeyError, TypeError, AttributeError, forms.ValidationError) as error:
            raise forms.ValidationError(NO_BROWSER) from error
        return json.dumps(kept, separators=(",", ":"))


class LadderForm(forms.Form):
    """The rungs of one ladder, in two lists that go together. A button moves, adds or takes out one and saves nothing."""

    add = forms.TypedChoiceField(label=_("Add a way"), coerce=int, required=False, empty_value=None)

    def __init__(self, data: Any = None, *, methods: Sequence[ContactMethod], steps: list[Step], wake_within: int | None) -> None:
        super().__init__(data)
        self.known = {method.pk: method for method in methods}
        self.wake_within = wake_within
        self.faults: list[str] = []
        self.steps = steps if data is None else self._read(data.getlist("method"), data.getlist("delay"))
        choices = [("", _("Choose")), *((method.pk, f"{method.get_kind_display()} {method.address}") for method in methods)]
        self.fields["add"].choices = choices  # type: ignore[attr-defined]

    def change(self, do: str) -> None:
        """One press of a button: "up:1", "down:0", "remove:2" or "add". The places keep their minutes, the ways change places."""
        word, _colon, place = do.partition(":")
        at = int(place) if place.isdecimal() and int(place) < len(self.steps) else None
        if word == "add" and (method := self.known.get(self.cleaned_data.get("add") or 0)):
            self.steps.append(Step(method, self.steps[-1].delay_min if self.steps else 0))
        elif word == "remove" and at is not None:
            del self.steps[at]
        elif word in {"up", "down"} and at is not None:
            self._swap(at, at - 1 if word == "up" else at + 1)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for fault in self.faults:
            self.add_error(None, fault)
        return cleaned

    def require_minimum(self) -> None:
        """What the administrators ask of every ladder that wakes. Nothing where the ladder is left to us."""
        if not self.steps or self.wake_within is None:
            return
        first = min((step.delay_min for step in self.steps if step.method.kind in WAKING), default=None)
        if first is None or first > self.wake_within:
            asked = ngettext(
                "The administrators ask for a text message or a call within %(n)d minute",
                "The administrators ask for a text message or a call within %(n)d minutes",
                self.wake_within,
            )
            self.add_error(None, asked % {"n": self.wake_within})

    def _read(self, methods: Sequence[str], delays: Sequence[str]) -> list[Step]:
        steps = []
        for written, delay in zip(methods, delays, strict=False):
            method = self.known.get(int(written)) if written.isdecimal() else None
            is_number = delay.strip().isdecimal() and len(delay.strip()) < 4 and int(delay) <= MOST_MIN
            if not is_number:
                self.faults.append(str(_("Minutes are a number from 0 to 120")))
            if method is not None:
                steps.append(Step(method, int(delay) if is_number else 0))
        return steps

    def _swap(self, here: int, there: int) -> None:
        if 0 <= there < len(self.steps):
            one, other = self.steps[here], self.steps[there]
            self.steps[here], self.steps[there] = Step(other.method, one.delay_min), Step(one.method, other.delay_min)


class QuietForm(forms.Form):
    starts = forms.TimeField(label=_("From"), widget=TIME, required=False)
    ends = forms.TimeField(label=_("Until"), widget=TIME, required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Only on nights that begin on"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("starts")) != bool(cleaned.get("ends")):
            self.add_error("ends", _("Give both times, or neither for no quiet hours"))
        elif cleaned.get("starts") and cleaned["starts"] == cleaned["ends"]:
            self.add_error("ends", _("It must end at another time than it begins"))
        return cleaned


class TopicsForm(forms.Form):
    topics = forms.MultipleChoiceField(label=_("Write to me when"), choices=Topic, required=False, widget=forms.CheckboxSelectMultiple)


class LanguageForm(forms.Form):
    """In which language somebody reads, and on whose clock."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("Of pages, mail, text messages and calls to you. What others write stays as they wrote it."),
    )
    zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("Times in pages and messages are on this clock."))

    def __init__(self, data: Any = None, *, person: User) -> None:
        super().__init__(data, initial={"language": tongues.chosen(person), "zone": person.zone})
        house = get_language_info(tongues.house())["name_translated"]
        usual = zones.of(User(site=person.site)).replace("_", " ")
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("That of the browser; letters in %(language)s") % {"language": house}),
            *OWN_NAMES,
        ]
        self.fields["zone"].choices = [  # type: ignore[attr-defined]
            ("", _("That of your site: %(zone)s") % {"zone": usual}),
            *((zone, zone.replace("_", " ")) for zone in sorted(available_timezones())),
        ]
