"""The page of a review: what it shows, and what its buttons do. Works without scripts; print and JSON come from the same rows."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import reviews
from incidents.admin.review_forms import ItemForm, PasswordForm, Sheet, SignForm
from incidents.models import Exercise, PlanReview, PlanVersion, ReviewItem
from servicedesk import clock
from servicedesk.directory import passkeys, zones
from servicedesk.directory.models import Organisation, User

SHOWN = {"open": "open", "action": "action"}  # what ?show= may say; anything else is everything


def answer(request: HttpRequest, review: PlanReview, *, site: AdminSite, may_change: bool) -> HttpResponse:
    """GET: the page. POST: the deed its button names, and back."""
    page = Page(request, review, site, may_change)
    return page.done() if request.method == "POST" else page.shown()


class Page:
    def __init__(self, request: HttpRequest, review: PlanReview, site: AdminSite, may_change: bool) -> None:
        self.request, self.review, self.site = request, review, site
        self.may_change = may_change
        self.person: User = request.user  # type: ignore[assignment]  # the admin's own door has seen to it
        self.now = clock.now()
        self.items = list(
            review.items.select_related("owner", "ticket", "decided_by").prefetch_related("files__added_by").order_by("number")
        )
        self.is_print = "print" in request.GET
        self.is_edited = may_change and review.state == PlanReview.State.OPEN and not self.is_print
        self.missing: list[ReviewItem] = []
        self.password, self.signing = PasswordForm(person=self.person), SignForm(person=self.person)
        self.sheet: Sheet | None = None

    # Showing

    def shown(self, status: int = 200) -> HttpResponse:
        review, items = self.review, self._asked_for()
        sheet = self.sheet or Sheet(self._forms(items) if self.is_edited else [])
        by_item = {form.item.pk: form for form in sheet.forms}
        context = {
            **self.site.each_context(self.request),
            "title": _("Plan review, %(slug)s") % {"slug": review},
            "opts": PlanReview._meta, "review": review, "now": self.now, "is_print": self.is_print, "is_edited": self.is_edited,
            "may_change": self.may_change,
            "lines": [(item, by_item.get(item.pk)) for item in items], "all_items": self.items, "show": self.request.GET.get("show", ""),
            "decided": sum(not item.missing() for item in self.items), "actions": sum(item.verdict == "action" for item in self.items),
            "open_items": reviews.still_open(review) if not review.is_signed else [], "missing": self.missing,
            "faults": list(sheet.faults), "password": self.password, "signing": self.signing,
            "why_not": reviews.why_not(review, self.person), "passkey": passkeys.stand_in(self.request), **self._around(),
        }  # fmt: skip
        return TemplateResponse(self.request, "admin/incidents/planreview/page.html", context, status=status)

    def _around(self) -> dict[str, Any]:
        """What stands beside the questions."""
        review = self.review
        until = review.signed_at or self.now
        exercises = Exercise.objects.filter(held_on__lte=until.date()).prefetch_related("people", "findings")[:6]
        later = reviews.between(review.signed_at, self.now) if review.signed_at else []
        cut = reviews.left_out(review.signed_at, self.now) if review.signed_at else 0
        return {
            "later_n": f"{len(later)}+" if cut else len(later),
            "before": PlanReview.objects.signed().filter(signed_at__lte=review.period_from).exclude(pk=review.pk).first(),
            "changes": reviews.between(review.period_from, until), "left_out": reviews.left_out(review.period_from, until),
            "trail": reviews.trail(review.period_from, until), "later": later, "exercises": exercises,
            "tampered": reviews.faults(review), "organisation": Organisation.current(),
            "plan_version": PlanVersion.objects.filter(version=review.plan_version).first(),
        }  # fmt: skip

    def _asked_for(self) -> list[ReviewItem]:
        show = self.request.GET.get("show")
        if show == "open":
            return [item for item in self.items if item.missing()]
        return [item for item in self.items if item.verdict == "action"] if show == "action" else self.items

    def _forms(self, items: list[ReviewItem], sent: bool = False) -> list[ItemForm]:
        people = [(str(person.pk), str(person)) for person in reviews.owners()]
        data = (self.request.POST, self.request.FILES) if sent else ()
        return [ItemForm(*data, item=item, people=people, today=self._today()) for item in items]

    def _today(self) -> date:
        return self.now.astimezone(ZoneInfo(zones.of(self.person))).date()

    # Doing

    def done(self) -> HttpResponse:
        deed = self.request.POST.get("deed", "save")
        try:
            return {"sign": self._sign, "take_back": self._take_back}.get(deed, self._save)()
        except reviews.StillOpen as error:
            self.missing = error.items
            return self._again().shown(422)
        except (reviews.NotYours, reviews.NotNow) as error:
            messages.error(self.request, str(error))
            return self._back()

    def _save(self) -> HttpResponse:
        """Whatever was typed is kept first; then the evidence is asked for again, or the review handed over."""
        if not self.is_edited:
            raise reviews.NotNow(_("This review is: %(state)s.") % {"state": self.review.get_state_display()})
        sent = [item for item in self.items if f"i{item.number}-here" in self.request.POST]
        self.sheet = Sheet(self._forms(sent, sent=True))
        if not self.sheet.is_valid():
            return self.shown(422)
        reviews.decide(self.review, self.sheet.decisions, actor=self.person, now=self.now)
        for form in self.sheet.forms:
            if files := form.stored():
                reviews.attach(form.item, files, evidence_on=form.cleaned_data["evidence_on"], actor=self.person, now=self.now)
        return self._after_saving(self.request.POST.get("deed"))

    def _after_saving(self, deed: str | None) -> HttpResponse:
        if deed == "gather":
            reviews.gather(self.review, actor=self.person, now=self.now)
            messages.success(self.request, _("Every question was asked again."))
        elif deed == "hand_over":
            if missing := reviews.still_open(self.review):
                raise reviews.StillOpen(missing)
            self.password = PasswordForm(self.request.POST, **self._signer())
            if not self.password.is_valid():
                return self._again().shown(422)
            reviews.hand_over(self.review, actor=self.person, now=self.now)
            messages.success(self.request, _("Handed over. Another person signs it."))
        else:
            messages.success(self.request, _("Saved."))
        return self._back()

    def _sign(self) -> HttpResponse:
        if why := reviews.why_not(self.review, self.person):
            raise reviews.NotYours(why)
        if missing := reviews.still_open(self.review):
            raise reviews.StillOpen(missing)
        self.signing = SignForm(self.request.POST, **self._signer())
        if not self.signing.is_valid():
            return self.shown(422)
        reviews.sign(self.review, actor=self.person, statement=self.signing.cleaned_data["statement"], now=self.now)
        messages.success(self.request, _("Signed. It can no longer be changed."))
        return self._back()

    def _signer(self) -> dict[str, Any]:
        return {"person": self.person, "session": self.request.session}

    def _take_back(self) -> HttpResponse:
        reviews.take_back(self.review, actor=self.person, now=self.now)
        messages.info(self.request, _("Given back: it can be changed again."))
        return self._back()

    def _again(self) -> Page:
        """The page as it is now, with what was just refused."""
        self.review.refresh_from_db()
        fresh = Page(self.request, self.review, self.site, self.may_change)
        fresh.missing, fresh.password = self.missing, self.password
        return fresh

    def _back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:incidents_planreview_change", args=[self.review.pk]))
