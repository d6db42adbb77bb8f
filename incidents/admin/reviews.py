"""Plan reviews in the admin: the list, the page of each, its files and its export; the checklist and the exercises."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE
from csp.decorators import csp_replace
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from incidents import reviews, vault
from incidents.admin import review_page
from incidents.models import Exercise, ExerciseFinding, PlanReview, ReviewFile, ReviewQuestion
from servicedesk import clock
from servicedesk.audit.desk_admin import DeskAdmin


@admin.register(PlanReview)
class PlanReviewAdmin(DeskAdmin):
    """Managers and administrators hold reviews, auditors read them. Nothing is typed into the rows themselves."""

    list_display = ("__str__", "state", "due_on", "prepared_by", "signed_by", "signed_at")
    list_select_related = ("prepared_by", "signed_by")
    list_filter = ("state", "reason")
    search_fields = ("slug",)
    autocomplete_fields = ("opened_by", "prepared_by", "signed_by")  # its own page draws them; nothing else lists everybody
    change_list_template = "admin/incidents/planreview/list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.is_admin or request.user.is_manager  # type: ignore[union-attr]  # the admin lets nobody else in

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        extra = {"due_on": reviews.due_on(clock.now()), "running": PlanReview.objects.running().first()}
        return super().changelist_view(request, {**extra, "may_begin": self.has_change_permission(request), **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        review = self._reached(request, object_id)
        may_change = self.has_change_permission(request, review)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        return review_page.answer(request, review, site=self.admin_site, may_change=may_change)

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("begin/", wrap(self.begin), name="incidents_planreview_begin"),
            path("<int:number>/export/", wrap(self.export), name="incidents_planreview_export"),
            path("files/<int:number>/", wrap(self.file), name="incidents_planreview_file"),
            *super().get_urls(),
        ]

    def begin(self, request: HttpRequest) -> HttpResponse:
        """A review from the checklist; while one is running, that one."""
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        review = reviews.begin(actor=request.user, now=clock.now())  # type: ignore[arg-type]
        return HttpResponseRedirect(reverse("admin:incidents_planreview_change", args=[review.pk]))

    def export(self, request: HttpRequest, number: int) -> HttpResponse:
        """The snapshot and its hash; there is none before it is signed."""
        review = self._reached(request, str(number))
        if not review.is_signed:
            raise Http404
        answer = JsonResponse(reviews.export(review), json_dumps_params={"indent": 1, "ensure_ascii": False})
        answer["Content-Disposition"] = f'attachment; filename="plan-review-{review.slug}.json"'
        return answer

    @method_decorator(csp_replace({"default-src": [NONE], "sandbox": True}))
    def file(self, request: HttpRequest, number: int) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(ReviewFile, pk=number)
        try:
            content = vault.path_of(found.sha256).open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        answer = FileResponse(content, as_attachment=not found.is_shown, filename=found.name, content_type=found.kind)
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    def _reached(self, request: HttpRequest, object_id: str) -> PlanReview:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = PlanReview.objects.select_related("prepared_by", "signed_by", "opened_by")
        return get_object_or_404(rows, pk=int(object_id) if object_id.isdecimal() else 0)


@admin.register(ReviewQuestion)
class ReviewQuestionAdmin(DeskAdmin):
    """The checklist of reviews to come; a review that is open keeps the words it began with."""

    list_display = ("position", "text", "key", "helps_with", "is_asked")
    list_display_links = ("text",)
    list_filter = ("is_asked",)
    search_fields = ("text", "why", "helps_with")
    fields = ("position", "text", "why", "key", "limits", "helps_with", "is_asked")


class Findings(admin.TabularInline):  # type: ignore[type-arg]
    model = ExerciseFinding
    extra = 0
    autocomplete_fields = ("owner",)


@admin.register(Exercise)
class ExerciseAdmin(DeskAdmin):
    list_display = ("held_on", "kind", "scenario", "outside_hours", "minutes", "passed")
    list_filter = ("kind", "passed", "outside_hours")
    search_fields = ("scenario",)
    autocomplete_fields = ("people", "vendor")
    date_hierarchy = "held_on"
    inlines = (Findings,)
    fieldsets = (
        (None, {"fields": ("kind", "held_on", "scenario", "people", "outside_hours", "vendor")}),
        (_("How it went"), {"fields": ("passed", "minutes")}),
    )
