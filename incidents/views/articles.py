"""Help articles, as people read them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents import knowledge
from incidents.models import Article, ArticleVersion
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

SHOWN = 200
VERSIONS = 50


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


@require_http_methods(["GET", "HEAD", "POST"])
def versions(request: PersonRequest, slug: str) -> HttpResponse:
    """What was published, each with what changed; one of them is brought back by `version`."""
    if not (request.user.is_desk_staff or request.user.is_admin):
        raise PermissionDenied
    found = get_object_or_404(Article, slug=slug)
    may_bring_back = request.user.is_agent or request.user.is_manager or request.user.is_admin
    if request.method == "POST":
        if not may_bring_back:
            raise PermissionDenied
        return _brought_back(request, found)
    kept: list[ArticleVersion] = list(found.versions.select_related("author")[: VERSIONS + 1])
    rows = [(row, knowledge.changes(before, row)) for row, before in zip(kept, [*kept[1:], None], strict=True)][:VERSIONS]
    return render(request, "portal/versions.html", {"article": found, "rows": rows, "may_bring_back": may_bring_back})


def _brought_back(request: PersonRequest, found: Article) -> HttpResponse:
    number = numbers.whole(request.POST.get("version", "")) or 0
    try:
        made = knowledge.bring_back(found, number, actor=request.user, now=clock.now())
    except ArticleVersion.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Published as version %(n)d.") % {"n": made.version})
    return redirect("article_versions", found.slug)
