"""Schedules, policies and rules as the API shows them: all by short name."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents import rulebook, rules, wording
from incidents.models import Policy, PolicyStep, Rule, StepTarget
from incidents.states import Severity
from servicedesk.api.shapes import Moment, Named, OneOf, Shape, WallTime
from servicedesk.directory.models import Service
from servicedesk.oncall.models import Rotation

MOST_DAYS = 730


class Asked(Shape):
    """At which moment; now where it is not said."""

    at = Moment(required=False)


class RotationShape(Shape):
    """One layer. `length` counts days, weeks, months or hours by `kind`, on the clocks of `zone`."""

    position = serializers.IntegerField(help_text="A higher layer covers a lower one.")
    kind = OneOf(Rotation.Kind.choices)
    length = serializers.IntegerField()
    handoff = WallTime()
    starts_on = serializers.DateField()
    zone = serializers.SerializerMethodField()
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="Monday is 0. Empty: every day.")
    people = serializers.SerializerMethodField()
    valid_from = Moment(allow_null=True)
    valid_until = Moment(allow_null=True)

    @extend_schema_field(OpenApiTypes.STR)
    def get_zone(self, rotation: Rotation) -> str:
        return rotation.zone or rotation.schedule.zone

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_people(self, rotation: Rotation) -> list[str]:
        return [member.person.username for member in rotation.members.all()]


class ScheduleShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()
    duty = serializers.CharField()
    zone = serializers.CharField()
    team = Named("slug", allow_null=True)
    fallback = Named("username", allow_null=True, help_text="Who is paged while nobody is on call.")
    rotations = RotationShape(many=True, help_text="The layers that count now or will.")


class DutyShape(Shape):
    """`because` completes "this person is …"; a fallback has no end."""

    person = Named("username")
    since = Moment(source="starts_at")
    until = serializers.SerializerMethodField()
    because = serializers.CharField()
    is_fallback = serializers.BooleanField()
    is_override = serializers.BooleanField()

    @extend_schema_field(Moment(allow_null=True))
    def get_until(self, duty: Any) -> str | None:
        return None if duty.is_fallback else Moment().to_representation(duty.ends_at)


class OnCallShape(Shape):
    """Who is on call at that moment, and whose turn comes next within eight weeks."""

    schedule = serializers.CharField()
    at = Moment()
    on_call = DutyShape(many=True)
    next = DutyShape(many=True)


class TargetShape(Shape):
    kind = OneOf(StepTarget.Kind.choices)
    name = serializers.SerializerMethodField(help_text="A user name, the short name of a schedule or team, or a webhook's name.")

    @extend_schema_field(OpenApiTypes.STR)
    def get_name(self, target: StepTarget) -> str:
        return target.short_name


class StepShape(Shape):
    """`delay_s` counts from the start of the round. With a window: only between these two times of the organisation's clock."""

    delay_s = serializers.IntegerField()
    among = OneOf(PolicyStep.Among.choices)
    require_all = serializers.BooleanField()
    least_severity = serializers.IntegerField(help_text="4: always. 2: only SEV1 and SEV2.")
    window_from = WallTime(allow_null=True)
    window_until = WallTime(allow_null=True)
    targets = TargetShape(many=True)


class WayShape(Shape):
    """A person, or a staffed number."""

    person = Named("username", allow_null=True)
    number = serializers.CharField()


class PolicyShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()
    team = Named("slug", allow_null=True)
    is_default = serializers.BooleanField()
    repeat = serializers.IntegerField()
    version = serializers.IntegerField()
    services = serializers.SerializerMethodField()
    steps = StepShape(many=True)
    last_resort = WayShape(many=True, source="last_resorts")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_services(self, policy: Policy) -> list[str]:
        return [service.slug for service in policy.services.all()]


class WhoAsked(Asked):
    """For which service, how grave, and when."""

    service = Named("slug", Service.objects.filter(is_active=True), required=False, allow_null=True)
    severity = serializers.ChoiceField(Severity.choices, required=False, default=1)


class PagedLine(Shape):
    """One message. `step` 0 is the last resort."""

    at = serializers.CharField()
    person = serializers.CharField()
    method = serializers.CharField()
    to_masked = serializers.CharField()
    because = serializers.CharField()
    step = serializers.IntegerField()


class NotPagedLine(Shape):
    person = serializers.CharField()
    because = serializers.CharField()


class SentThen(Shape):
    """One message of a real run."""

    at = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    method = serializers.CharField()
    state = serializers.CharField()
    state_at = serializers.CharField()
    reason = serializers.CharField()


class HappenedShape(Shape):
    """The real run that began nearest, within 15 minutes, and what of it differs from what the policy of then says."""

    incident = serializers.CharField()
    severity = serializers.IntegerField()
    began_at = serializers.CharField()
    pages = SentThen(many=True)
    acknowledged_by = serializers.CharField(allow_null=True)
    acknowledged_at = serializers.CharField(allow_null=True)
    as_planned = serializers.BooleanField()
    not_done = serializers.ListField(child=serializers.CharField())
    not_planned = serializers.ListField(child=serializers.CharField())


class WhoShape(Shape):
    """The engine's own answer. What is to come is told as configured now: it assumes that nothing changes and nobody acknowledges.

    What is past is told as it was then; `not_reconstructed` names what is not known of that time.
    """

    service = serializers.CharField(allow_null=True)
    severity = serializers.IntegerField()
    at = serializers.CharField()
    policy = serializers.CharField(allow_null=True)
    policy_version = serializers.IntegerField(allow_null=True)
    pages = PagedLine(many=True)
    not_paged = NotPagedLine(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    would_attach_to = serializers.CharField(allow_null=True)
    first_person_s = serializers.IntegerField(allow_null=True)
    if_provider_down = serializers.DictField(child=serializers.CharField())
    as_it_was = serializers.BooleanField(required=False, help_text="Only of a moment that is past, as are the next two.")
    not_reconstructed = serializers.ListField(child=serializers.CharField(), required=False)
    happened = HappenedShape(allow_null=True, required=False)


class RuleShape(Shape):
    """`definition` is that of the version in force; null for one never published."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    kind = OneOf(Rule.Kind.choices)
    position = serializers.IntegerField()
    mode = OneOf(Rule.Mode.choices)
    name = serializers.CharField()
    version = serializers.IntegerField()
    owner = Named("username", allow_null=True)
    review_on = serializers.DateField(allow_null=True)
    sentence = serializers.SerializerMethodField()
    definition = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.STR)
    def get_sentence(self, rule: Any) -> str:
        """Empty for one never published, or one that cannot be read."""
        try:
            return wording.rule_sentence(rulebook.read(rule.in_force[0])) if rule.in_force else ""
        except rules.RuleError:
            return ""

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_definition(self, rule: Any) -> dict[str, Any] | None:
        return rule.in_force[0].definition if rule.in_force else None


class TicketAsked(Shape):
    """Which ticket the rule is tried on: T-1042."""

    ticket = serializers.CharField(max_length=20)


class ConditionShape(Shape):
    """One condition. `holds` null: what it asks for was not known."""

    text = serializers.CharField()
    seen = serializers.CharField()
    holds = serializers.BooleanField(allow_null=True)


class TrialShape(Shape):
    """What the rule's newest words make of one thing, as it was when it was last looked at."""

    rule = serializers.CharField()
    ticket = serializers.CharField()
    at = Moment(allow_null=True)
    matched = serializers.BooleanField(allow_null=True)
    conditions = ConditionShape(many=True)
    then = serializers.CharField(help_text="What it would do.")
    problem = serializers.CharField(help_text="Why it cannot be tried; empty: it was.")


class DaysAsked(Shape):
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, required=False, default=90)


class PeriodShape(Shape):
    to = serializers.CharField()
    zone = serializers.CharField()
    days = serializers.IntegerField()

    def get_fields(self) -> Any:
        """`from` is no name of a Python attribute."""
        return {"from": serializers.CharField(), **super().get_fields()}


class LeftOut(Shape):
    requests = serializers.IntegerField()
    imported = serializers.IntegerField()


class Earlier(Shape):
    median = serializers.IntegerField()
    min = serializers.IntegerField()
    max = serializers.IntegerField()


class UpAndDown(Shape):
    up = serializers.IntegerField()
    down = serializers.IntegerField()


class AddedAndLost(Shape):
    added = serializers.IntegerField()
    lost = serializers.IntegerField()


class PagesShape(Shape):
    added_at_least = serializers.IntegerField()
    prevented = serializers.IntegerField()
    nights_before = serializers.IntegerField()
    nights_after = serializers.IntegerField()
    by_person = serializers.DictField(child=serializers.IntegerField())


class Because(Shape):
    ticket = serializers.CharField()
    why = serializers.CharField()


class SweptShape(Shape):
    change = serializers.CharField()
    matches = serializers.IntegerField()
    lost = serializers.IntegerField()


class ReplayedShape(Shape):
    decisions = serializers.IntegerField()
    equal = serializers.IntegerField()


class BacktestShape(Shape):
    """What the rule's newest words would have done, on the facts that were kept."""

    rule = serializers.CharField()
    version = serializers.IntegerField()
    against_version = serializers.IntegerField(allow_null=True)
    period = PeriodShape()
    considered = serializers.IntegerField()
    left_out = LeftOut()
    matches = serializers.IntegerField()
    matches_before = serializers.IntegerField()
    kept_raised_by_people = serializers.IntegerField()
    earlier_s = Earlier(allow_null=True)
    severity = UpAndDown()
    incidents = AddedAndLost()
    pages = PagesShape()
    undecidable = Because(many=True)
    nearest = Because(allow_null=True)
    no_data = serializers.CharField(allow_null=True)
    sweep = SweptShape(many=True)
    replayed = ReplayedShape()
    rows_url = serializers.CharField(allow_null=True)


class WaitShape(Shape):
    """It is a long one: ask again at `url` with GET until it is there."""

    job = serializers.IntegerField()
    state = serializers.CharField()
    url = serializers.CharField()
