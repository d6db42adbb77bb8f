"""My notifications: how I am reached, whether it works, and what was sent to me. Each page shows the signed-in person's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import methods, pushing, reach, standing, trial
from notifications.channels import DeliveryFailed
from notifications.forms import AddForm, BrowserForm, LadderForm, LanguageForm, PasswordForm, QuietForm, TopicsForm
from notifications.models import ContactMethod, Message, MutedTopic, QuietHours, Topic, Urgency
from notifications.views.outbox import row_of
from servicedesk import clock
from servicedesk.directory import passkeys, tongues
from servicedesk.directory.access import PersonRequest, admins
from servicedesk.directory.models import Organisation, User

FORM = ["GET", "HEAD", "POST"]
LAST = 50


@require_safe
def my_notifications(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    if "pulse" in request.GET:
        return _news(request, now)
    return page(request, now)


@require_POST
def add_method(request: PersonRequest) -> HttpResponse:
    """A new way, and a test to it at once: an address that was never tried is worth nothing."""
    now = clock.now()
    form = _add_form(request.user, request.POST, request.session)
    if form.is_valid():
        try:
            made = methods.add(
                request.user, kind=form.cleaned_data["kind"], address=form.cleaned_data["address"], secret=form.secret, now=now
            )
            methods.send_test(made, now=now)
            messages.success(request, _("Added. A test with a code is on its way; type the code below."))
            return redirect("my_notifications")
        except methods.AlreadyThere:
            form.add_error("address", _("You have that one already"))
        except methods.TooManyTests:
            return wait(request)
    return page(request, now, status=422, add=form)


@require_POST
def test_method(request: PersonRequest, number: int) -> HttpResponse:
    try:
        methods.send_test(_own(request.user, number), now=clock.now())
        messages.success(request, _("A test with a code is on its way. Type the code below."))
    except methods.TooManyTests:
        return wait(request)
    return redirect(f"{reverse('my_notifications')}#way-{number}")


@require_POST
def confirm_method(request: PersonRequest, number: int) -> HttpResponse:
    try:
        found = methods.confirm(_own(request.user, number), request.POST.get("code", ""), now=clock.now())
        messages.success(request, _("Confirmed: %(way)s reaches you.") % {"way": found.get_kind_display()})
    except methods.WrongCode:
        messages.error(request, _("That is not the code, or it is too old. After five wrong ones send yourself a new test."))
    return redirect(f"{reverse('my_notifications')}#way-{number}")


@require_http_methods(FORM)
def remove_method(request: PersonRequest, number: int) -> HttpResponse:
    found = _own(request.user, number)
    form = PasswordForm(request.POST or None, person=request.user, is_needed=found.is_usable, session=request.session)
    if request.method == "POST" and (form.is_valid() or not form.fields):
        methods.remove(found, now=clock.now())
        messages.success(request, _("Removed. Your other ways were told."))
        return redirect("my_notifications")
    context = {"form": form, "method": found, "passkey": passkeys.stand_in(request)}
    return render(request, "me/remove.html", context, status=422 if form.errors else 200)


@require_http_methods(FORM)
def ladder(request: PersonRequest, urgency: str) -> HttpResponse:
    if urgency not in Urgency.values:
        raise Http404
    form = _ladder_form(request, urgency)
    if request.method == "POST" and form.is_valid():
        form.change(do := request.POST.get("do", ""))
        if do == "save":
            form.require_minimum()
            if form.is_valid():
                methods.arrange(request.user, urgency, form.steps, now=clock.now())
                messages.success(request, _("Saved. Pages that begin from now on follow it."))
                return redirect("my_notifications")
    context = {"form": form, "urgency": Urgency(urgency)}
    return render(request, "me/ladder.html", context, status=422 if form.is_bound and form.errors else 200)


@require_http_methods(FORM)
def my_language(request: PersonRequest) -> HttpResponse:
    form = LanguageForm(request.POST if request.method == "POST" else None, person=request.user)
    if request.method == "POST" and form.is_valid():
        methods.speak(request.user, **form.cleaned_data, now=clock.now())
        with tongues.page(request.user):
            messages.success(request, _("Saved. Messages that are written from now on follow it."))
        return redirect("my_language")
    return render(request, "me/language.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def my_keys(request: PersonRequest) -> HttpResponse:
    """Whether single keys do something: alone, with Alt, or not at all."""
    chosen = request.POST.get("single_keys", "")
    if chosen not in User.SingleKeys.values:
        return HttpResponse(status=422)
    request.user.single_keys = chosen
    request.user.save(update_fields=["single_keys"])
    return HttpResponse(status=204)


@require_POST
def quiet_hours(request: PersonRequest) -> HttpResponse:
    form, now = QuietForm(request.POST), clock.now()
    if not form.is_valid():
        return page(request, now, status=422, quiet=form)
    methods.keep_quiet(request.user, now=now, **form.cleaned_data)
    messages.success(request, _("Saved. A page through a policy or a schedule always passes."))
    return redirect("my_notifications")


@require_POST
def topics(request: PersonRequest) -> HttpResponse:
    form, now = TopicsForm(request.POST), clock.now()
    if not form.is_valid():
        return page(request, now, status=422, topics=form)
    methods.choose_topics(request.user, form.cleaned_data["topics"], now=now)
    messages.success(request, _("Saved."))
    return redirect("my_notifications")


@require_safe
def contact_card(request: PersonRequest) -> HttpResponse:
    """The desk's numbers as a contact, so that a phone in Do Not Disturb lets them through."""
    answer = HttpResponse(methods.contact_card(), content_type="text/vcard; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="desk.vcf"'
    return answer


@admins
@require_safe
def persons_notifications(request: PersonRequest, username: str) -> HttpResponse:
    """What an administrator may know of another person's ways: their state, not the whole address."""
    person, now = get_object_or_404(User, username=username.lower()), clock.now()
    found = standing.ways(person, now=now)
    shown = [(way, methods.masked(way.method)) for way in found]
    return render(
        request, "me/person.html", {"person": person, "ways": shown, "is_reached": reach.wakes(person), "ladders": _ladders(person)}
    )


def page(request: PersonRequest, now: datetime, *, status: int = 200, **forms: Any) -> HttpResponse:
    person = request.user
    found = standing.ways(person, now=now)
    works = any(way.method.is_usable for way in found)
    history = Message.objects.filter(person=person).select_related("person").defer("html", "headers").order_by("-pk")[:LAST]
    context = {
        **_shown_ways(person, found),
        "add": forms.get("add") or _add_form(person),
        "browser": forms.get("browser") or BrowserForm(person=person, is_needed=works),
        "push_key": _push_key(),
        "quiet": forms.get("quiet") or _quiet_form(person),
        "topics": forms.get("topics") or _topics_form(person),
        "form": next(iter(forms.values()), None),
        "ladders": _ladders(person),
        "history": [row_of(message) for message in history],
        "preview": _preview(person),
        "numbers": methods.desk_numbers(),
        "passkey": passkeys.stand_in(request),
    }
    return render(request, "me/notifications.html", context, status=status)


def _news(request: PersonRequest, now: datetime) -> HttpResponse:
    """204 while nothing changed; else the ways and the verdict."""
    found = standing.ways(request.user, now=now)
    cursor = standing.cursor(found)
    if cursor == request.GET["pulse"] and any(way.is_live for way in found):
        return HttpResponse(status=204)
    answer = render(request, "me/ways.html", {**_shown_ways(request.user, found), "is_news": True})
    answer["Desk-Cursor"] = cursor
    return answer


def _shown_ways(person: User, found: list[standing.Way]) -> dict[str, Any]:
    live = any(way.is_live for way in found)
    return {"ways": found, "verdict": standing.verdict(person, found), "cursor": standing.cursor(found), "is_live": live}


def _own(person: User, number: int) -> ContactMethod:
    found: ContactMethod = get_object_or_404(ContactMethod.objects.kept(), pk=number, person=person)
    return found


def wait(request: PersonRequest) -> HttpResponse:
    messages.error(request, _("Six tests within an hour are enough. Wait a while before the next one."))
    return redirect("my_notifications")


def _push_key() -> str:
    """Empty where the key that is kept cannot be opened: then browsers are not offered, and `doctor` says why."""
    try:
        return pushing.public_key()
    except DeliveryFailed:
        return ""


def _add_form(person: User, data: Any = None, session: SessionBase | None = None) -> AddForm:
    works = ContactMethod.objects.usable().filter(person=person).exists()
    return AddForm(data, person=person, is_needed=works, session=session)


def _quiet_form(person: User) -> QuietForm:
    hours = QuietHours.objects.filter(person=person).first()
    return QuietForm(initial={"starts": hours.starts, "ends": hours.ends, "weekdays": hours.weekdays} if hours else None)


def _topics_form(person: User) -> TopicsForm:
    muted = set(MutedTopic.objects.filter(person=person).values_list("topic", flat=True))
    return TopicsForm(initial={"topics": [topic for topic in Topic.values if topic not in muted]})


def _ladders(person: User) -> list[tuple[Urgency, list[reach.Rung]]]:
    return [(urgency, reach.ladder(person, urgency)) for urgency in Urgency]


def _ladder_form(request: PersonRequest, urgency: str) -> LadderForm:
    known = list(ContactMethod.objects.kept().filter(person=request.user).order_by("pk"))
    steps = [methods.Step(rung.method, rung.delay_s // 60) for rung in reach.ladder(request.user, urgency)]
    organisation = Organisation.current()
    wake_within = organisation.wake_within_min if organisation and urgency == Urgency.URGENT else None
    return LadderForm(request.POST or None, methods=known, steps=steps, wake_within=wake_within)


def _preview(person: User) -> tuple[str, str]:
    """The last page as it was sent, or how a test reads."""
    sent = Message.objects.filter(person=person, channel="sms", thread__startswith="INC-", sent_at__isnull=False).order_by("-pk").first()
    return (sent.thread, row_of(sent).text) if sent else ("", trial.letter().sms)
