"""Help articles, as people read them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import knowledge
from incidents.models import Article
from servicedesk.directory.access import PersonRequest

SHOWN = 200


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    rows = Article.objects.readable_by(request.user).order_by("title")[:SHOWN]
    return render(request, "portal/articles.html", {"articles": rows})


@require_safe
def article(request: PersonRequest, slug: str) -> HttpResponse:
    found = Article.objects.readable_by(request.user).filter(slug=slug).first()
    if found is None:
        raise Http404
    voted = found.votes.filter(person=request.user, version=found.version).first()
    return render(request, "portal/article.html", {"article": found, "body": knowledge.rendered(found.body), "voted": voted})
