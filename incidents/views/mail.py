"""Mails that came in: those that wait for a person, one mail as it was, and what is decided about it."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import vault
from incidents.mail import held, mailbox, shown
from incidents.models import InboundMail
from incidents.states import IllegalMove
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, workers

PAGE = 30
LISTS = {"": "held", "aside": "aside", "rejected": "rejected"}
PICTURES = {"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": ["allow-popups"]}


def _mail(request: PersonRequest, number: int) -> InboundMail:
    rows = InboundMail.objects.visible_to(request.user).select_related("ticket", "incident", "decided_by")
    return get_object_or_404(rows, pk=number)


def _whole(request: PersonRequest, number: int) -> InboundMail:
    """One whose content is still kept; else 404."""
    found = _mail(request, number)
    if not found.is_whole:
        raise Http404
    return found


@require_safe
@workers
def held_mails(request: PersonRequest) -> HttpResponse:
    show = request.GET.get("show", "")
    rows = InboundMail.objects.visible_to(request.user).filter(state=LISTS.get(show, "held")).select_related("ticket", "decided_by")
    after = numbers.whole(request.GET.get("after", ""))
    found = list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[: PAGE + 1])
    following = f"?show={show}&after={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    context = {"rows": found[:PAGE], "show": show if show in LISTS else "", "next": following, "first": f"?show={show}" if after else ""}
    return render(request, "desk/held_mails.html", {**context, "failing": mailbox.failing()})


@require_safe
@workers
def mail(request: PersonRequest, number: int) -> HttpResponse:
    found = _mail(request, number)
    return render(request, "desk/mail.html", {"mail": found, "letter": held.read(found)})


@require_POST
@workers
def decide(request: PersonRequest, number: int) -> HttpResponse:
    """accept, ticket or reject; whatever else is pressed changes nothing."""
    found, now = _mail(request, number), clock.now()
    deeds = {"accept": held.accept, "ticket": held.make_ticket, "reject": held.reject}
    deed = deeds.get(request.POST.get("action", ""))
    try:
        if deed is not None:
            deed(found, actor=request.user, now=now)
            messages.success(request, InboundMail.objects.get(pk=found.pk).words)
        else:
            messages.error(request, _("Nothing was done: use one of the buttons."))
    except held.Decided as error:
        messages.info(request, _("It was decided already: %(words)s") % {"words": error.row.words})
    except IllegalMove as error:
        messages.error(request, str(error))
    return redirect("held_mails")


@require_safe
@workers
def first_mail(request: PersonRequest, number: int) -> HttpResponse:
    """The mail a ticket was made of."""
    found = InboundMail.objects.visible_to(request.user).filter(ticket=number, state=InboundMail.State.FILED).order_by("pk").first()
    if found is None:
        raise Http404
    return redirect("mail", found.pk)


@csp_replace({**PICTURES, "img-src": ["data:"]})
@require_safe
@workers
def html(request: PersonRequest, number: int) -> HttpResponse:
    """The mail's own HTML, alone in a page that can do nothing."""
    return _drawn(request, number, with_remote=False)


@csp_replace({**PICTURES, "img-src": ["data:", "https:"]})
@require_safe
@workers
def html_with_pictures(request: PersonRequest, number: int) -> HttpResponse:
    """The same with pictures from afar, because somebody asked for them."""
    return _drawn(request, number, with_remote=True)


def _drawn(request: PersonRequest, number: int, *, with_remote: bool) -> HttpResponse:
    found = _whole(request, number)
    letter = held.read(found)
    try:
        body, remote = shown.clean(letter.html, letter.files, with_remote=with_remote)
    except shown.TooComplicated:
        body, remote = "", -1
    context = {"mail": found, "body": body, "remote": remote, "with_remote": with_remote}
    answer = render(request, "desk/mail_html.html", context)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@require_safe
@workers
def original(request: PersonRequest, number: int) -> HttpResponse:
    """The mail as it came, to be saved."""
    found = _whole(request, number)
    try:
        content = vault.path_of(found.sha256).read_bytes()
    except FileNotFoundError as error:
        raise Http404 from error
    name = f'attachment; filename="mail-{found.pk}.eml"'
    answer = HttpResponse(content, headers={"Content-Disposition": name, "Content-Type": "application/octet-stream"})
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
