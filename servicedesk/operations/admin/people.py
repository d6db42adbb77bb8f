"""People, the catalogue and the trail in the admin. Here, because the floor below may not know its own audit."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import password_validation
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents import changed_hours
from servicedesk import clock
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Grant, Organisation, Role, Service, Site, Team, User
from servicedesk.operations import leaving, retention
from servicedesk.operations.models import Retention

admin.site.unregister(Group)  # rights are grants
for kept in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(kept)  # one's own, at /me/security/; the company's sign-in is in the environment


class Grants(admin.TabularInline):  # type: ignore[type-arg]
    model = Grant
    extra = 1
    autocomplete_fields = ("team",)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person; the password is set, never shown."""

    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: stays as it is. Tell it to the person by another way than mail."),
    )

    successor = forms.ModelChoiceField(
        label=_("Successor"), required=False, queryset=User.objects.get_queryset().active().people(),
        widget=AutocompleteSelect(User._meta.get_field("line_manager"), admin.site),
        help_text=_("Of somebody who leaves: takes their place in policies, teams, services, rules and the plan, and their open tickets."),
    )  # fmt: skip
    nobody_follows = forms.BooleanField(label=_("Deactivate although nothing is handed over"), required=False)

    class Meta:
        model = User
        fields = (
            "username", "name", "email", "kind", "phone", "department", "site", "line_manager", "zone", "language", "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Whoever leaves is asked for a successor first, where anything names them."""
        cleaned = super().clean() or self.cleaned_data
        if self.leaves() and not cleaned.get("successor") and not cleaned.get("nobody_follows"):
            named = leaving.depends(self.instance, now=clock.now())
            if named:
                words = gettext("%(name)s is still named: %(list)s. Choose a successor, or tick that nothing is handed over.")
                self.add_error("successor", words % {"name": self.instance, "list": "; ".join(named)})
        if cleaned.get("successor") == self.instance:
            self.add_error("successor", gettext("Nobody follows themselves."))
        return cleaned

    def leaves(self) -> bool:
        """Whether this form takes an active person out of the desk."""
        return "is_active" in self.changed_data and not self.cleaned_data.get("is_active")

    def clean_email(self) -> str | None:
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_new_password(self) -> str:
        given = str(self.cleaned_data["new_password"])
        if given:
            password_validation.validate_password(given, self.instance)
        return given


@admin.register(User)
class UserAdmin(DeskAdmin):
    form = PersonForm
    list_display = ("name", "username", "email", "kind", "department", "site", "is_active")
    list_select_related = ("site",)
    list_filter = ("kind", "is_active", "grants__role", "site")
    search_fields = ("name", "username", "email")
    autocomplete_fields = ("line_manager", "site")
    inlines = (Grants,)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if given := form.cleaned_data.get("new_password"):
            obj.set_password(given)
        elif not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if change and form.leaves() and (successor := form.cleaned_data.get("successor")):
            assert isinstance(request.user, User)  # nobody else comes in
            done = leaving.hand_over(obj, successor, actor=request.user, now=clock.now())
            self.message_user(request, gettext("%(n)d places and tickets are %(name)s's now.") % {"n": done, "name": successor})


def move_due_times(request: HttpRequest, where: Organisation | Site, form: Any) -> None:
    """New desk hours: a job moves the due times, and the page says where to see it."""
    assert isinstance(request.user, User)
    was = {name: form.initial[name] for name in changed_hours.FIELDS if name in form.initial}
    job = changed_hours.follow(where, actor=request.user, was=was, now=clock.now())
    if job is not None:
        said = gettext("The due times of open tickets move with the new hours; nobody is paged for that.")
        link = format_html(' <a href="{}">{}</a>', reverse("job", args=[job.pk]), job.title)
        messages.info(request, format_html("{}{}", said, link))


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    second_factor_for = forms.MultipleChoiceField(
        label=_("A second factor is asked of"),
        choices=[choice for choice in Role.choices if choice[0] != Role.REQUESTER],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It counts from a person's next sign-in. Whoever has set one up is always asked."),
    )


@admin.register(Organisation)
class OrganisationAdmin(DeskAdmin):
    form = OrganisationForm
    list_display = ("name", "zone", "desk_phone", "large_group")
    readonly_fields = ("created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        move_due_times(request, obj, form)


class RetentionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Retention
        fields = ("keep_days",)

    def clean_keep_days(self) -> int:
        given, least = int(self.cleaned_data["keep_days"]), retention.BY_NAME[self.instance.category].least
        if given < least:
            raise forms.ValidationError(gettext("At least %(days)d days: charts and verdicts stand on them.") % {"days": least})
        return given


@admin.register(Retention)
class RetentionAdmin(DeskAdmin):
    form = RetentionForm
    list_display = ("words", "keep_days")
    ordering = ("category",)

    def get_queryset(self, request: HttpRequest) -> Any:
        retention.install()
        return super().get_queryset(request).filter(category__in=retention.BY_NAME)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("what"))
    def words(self, obj: Retention) -> str:
        return str(retention.BY_NAME[obj.category].words)


@admin.register(Site)
class SiteAdmin(DeskAdmin):
    list_display = ("name", "slug", "zone", "country")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            move_due_times(request, obj, form)


@admin.register(Team)
class TeamAdmin(DeskAdmin):
    list_display = ("name", "slug", "manager")
    list_select_related = ("manager",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("manager",)


@admin.register(Service)
class ServiceAdmin(DeskAdmin):
    list_display = ("name", "slug", "group", "tier", "team", "owner", "state", "is_active")
    list_select_related = ("team", "owner")
    list_filter = ("group", "tier", "state", "is_active")
    search_fields = ("name", "slug", "group")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("owner", "team", "depends_on")


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    list_display = ("at", "actor_label", "verb", "noun", "object_id")
    list_filter = ("verb", "noun")
    search_fields = ("object_id", "actor_label")
    date_hierarchy = "at"
