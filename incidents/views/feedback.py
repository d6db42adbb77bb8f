"""How it was: after a solved ticket, under an article. One press each."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, feedback
from incidents.models import Article, Satisfaction
from incidents.states import IllegalMove
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def of_ticket(request: PersonRequest, number: int) -> HttpResponse:
    found = access.own_ticket(request.user, number)
    answer = request.POST.get("answer", "")
    try:
        if answer == "undo":
            feedback.take_back(found, person=request.user, now=clock.now())
        elif answer in Satisfaction.Answer.values:
            feedback.rate_help(found, answer, person=request.user, now=clock.now())
    except IllegalMove:
        messages.info(request, _("We ask that once the ticket is solved."))
    return redirect("requester_ticket", found.pk)


@require_POST
def of_article(request: PersonRequest, slug: str) -> HttpResponse:
    found = Article.objects.readable_by(request.user).filter(slug=slug).first()
    if found is None:
        raise Http404
    if request.POST.get("helped") in ("yes", "no"):
        feedback.vote(found, person=request.user, helped=request.POST["helped"] == "yes", now=clock.now())
        messages.success(request, _("Thank you, that tells us what to improve."))
    return redirect("article", found.slug)
