"""People, what they may do (grants), their teams and sites."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk import plain

# A login name: what a person types, compared in lower case.
USERNAME = RegexValidator(r"^[a-z0-9][a-z0-9._@+-]*$", _("Use small letters, digits and . _ @ + - only."))


class Role(models.TextChoices):
    REQUESTER = "requester", _("Requester")
    AGENT = "agent", _("Agent")
    MANAGER = "manager", _("IT manager")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")


class Site(models.Model):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    country = models.CharField(_("country of holidays"), max_length=2, blank=True)
    desk_hours = models.JSONField(_("desk hours"), default=dict, blank=True, help_text=_("Empty: those of the organisation."))

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    manager = models.ForeignKey(
        "directory.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("IT manager"),
        help_text=_("Gets the escalations."),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def people(self) -> UserQuerySet:
        """Without shared mailboxes and service accounts."""
        return self.filter(kind__in=[User.Kind.EMPLOYEE, User.Kind.EXTERNAL])

    def holding(self, *roles: str, team: Team | None = None) -> UserQuerySet:
        """Active people (no service accounts) with one of these roles; for `team` where given, team-less grants count for every team."""
        grants = Grant.objects.filter(user=models.OuterRef("pk"), role__in=roles)
        if team is not None:
            grants = grants.filter(models.Q(team=team) | models.Q(team=None))
        return self.active().exclude(kind=User.Kind.SERVICE).filter(models.Exists(grants))

    def by_login(self, login: str) -> UserQuerySet:
        """Whoever signs in with this user name or e-mail address."""
        word = plain.composed(login).strip().lower()
        return self.filter(models.Q(username=word) | models.Q(email=word))


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=(username or "").lower())

    def create_user(self, username: str, *, created_at: Any, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username.strip().lower(), created_at=created_at, **fields)
        user.email = (user.email or "").strip().lower() or None
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person, a shared mailbox or a service account. Rights are rows (Grant), never flags here."""

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", _("Employee")
        EXTERNAL = "external", _("External, by signed links only")
        SHARED = "shared_mailbox", _("Shared mailbox")
        SERVICE = "service_account", _("Service account")

    class AfterSending(models.TextChoices):
        STAY = "stay", _("Stay here")
        NEXT = "next", _("Next ticket")
        LIST = "list", _("Back to the list")

    class SingleKeys(models.TextChoices):
        ON = "", _("Alone")
        ALT = "alt", _("With Alt")
        OFF = "off", _("Not at all")

    username = models.CharField(_("user name"), max_length=150, unique=True, validators=[USERNAME])
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.EMPLOYEE)
    phone = models.CharField(_("phone"), max_length=40, blank=True, help_text=_("Shown to staff. Paging numbers are verified separately."))
    department = models.CharField(_("department"), max_length=80, blank=True)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, verbose_name=_("site"))
    line_manager = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="reports", verbose_name=_("line manager"))
    zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: that of the site."))
    language = models.CharField(_("language"), max_length=8, blank=True)
    after_sending = models.CharField(_("after sending"), max_length=4, choices=AfterSending, default=AfterSending.STAY, db_default="stay")
    single_keys = models.CharField(_("single keys"), max_length=3, choices=SingleKeys, blank=True, default=SingleKeys.ON, db_default="")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(username=models.functions.Lower("username")), name="username_lower"),
            models.CheckConstraint(condition=models.Q(email=None) | models.Q(email=models.functions.Lower("email")), name="email_lower"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Names and addresses as one would type them, whichever directory, mail or form they come from."""
        self.name, self.email = plain.line(self.name), plain.composed(self.email) if self.email else self.email
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][:1] + words[-1][:1] if len(words) > 1 else self.name[:2]).upper()

    @property
    def is_machine(self) -> bool:
        """Whether this is a service account: what a token acts as."""
        return self.kind == User.Kind.SERVICE

    # Rights: from grants, read once per request

    @cached_property
    def grants_held(self) -> tuple[tuple[str, int | None], ...]:
        return tuple(self.grants.values_list("role", "team_id"))

    def holds(self, *roles: str) -> bool:
        """Whether this person is active and has one of these roles in any team."""
        return self.is_active and any(role in roles for role, _team in self.grants_held)

    @property
    def team_ids(self) -> frozenset[int]:
        return frozenset(team for _role, team in self.grants_held if team is not None)

    @property
    def is_agent(self) -> bool:
        return self.holds(Role.AGENT)

    @property
    def is_manager(self) -> bool:
        return self.holds(Role.MANAGER)

    @property
    def is_admin(self) -> bool:
        return self.holds(Role.ADMIN)

    @property
    def is_auditor(self) -> bool:
        return self.holds(Role.AUDITOR)

    @property
    def is_desk_staff(self) -> bool:
        """Whether this person sees the desk's side: works tickets, or reads them as an auditor."""
        return self.holds(Role.AGENT, Role.MANAGER, Role.AUDITOR)

    # What the Django admin asks

    @property
    def is_staff(self) -> bool:
        return self.holds(Role.ADMIN, Role.MANAGER, Role.AUDITOR)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Admins may change configuration; managers and auditors look."""
        if self.is_admin:
            return True
        return self.is_staff and perm.partition(".")[2].startswith("view_")

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Grant(models.Model):
    """One role of one person, in one team or (team empty) everywhere. Roles add up."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="grants", verbose_name=_("team"))

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "team"], name="grant_once_a_team"),
            models.UniqueConstraint(fields=["user", "role"], condition=models.Q(team=None), name="grant_once_everywhere"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
