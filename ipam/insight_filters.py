"""What the change history, the findings and webhooks can be narrowed by."""

from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django_filters.constants import EMPTY_VALUES

from ipam import errors
from ipam.filter_fields import (
    NOTHING,
    AddressFilter,
    CidrFilter,
    KeyField,
    ListFilter,
    MomentFilter,
    NumberFilter,
    StrictFilterSet,
    asks,
    reference,
)
from ipam.models import Alert, Delivery, Finding, Network, Project
from ipam.models.alerts import AlertSeverity
from ipam.models.events import Door, Kind, Verb


def _severity(label: str) -> int:
    return next(one.value for one in Finding.Severity if one.label == label)


class EventFilters(StrictFilterSet):
    kind = filters.ChoiceFilter(choices=Kind.choices)
    object = filters.CharFilter(field_name="object_id")
    verb = filters.ChoiceFilter(choices=Verb.choices)
    actor = filters.CharFilter()
    door = filters.ChoiceFilter(choices=Door.choices)
    network = ListFilter(KeyField(Network), method=asks("in_networks"))
    project = reference(Project, "project_id", nullable=True)
    address = AddressFilter(method=asks("about_address"))
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    request_id = filters.CharFilter()
    part_of = NumberFilter()
    within = CidrFilter(method=asks("within"))
    q = filters.CharFilter(method=asks("matching"))

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found.told() if self.form.cleaned_data.get("part_of") is None else found


class TenureFilters(StrictFilterSet):
    """Whose address, or block, it is or was. Without any of the first five there would be all that ever was."""

    ip = AddressFilter(method=asks("of_address"))
    within = CidrFilter(method=asks("within"))
    network = reference(Network, "network_id")
    project = reference(Project, "project_id")
    machine = filters.CharFilter(field_name="machine_id")
    namespace = reference(Project, "namespace_id", nullable=True)
    at = MomentFilter(method=asks("held_at"))
    since = MomentFilter(method="lasting_since")
    until = MomentFilter(field_name="since", lookup_expr="lt")

    PLACES = ("ip", "within", "network", "project", "machine")

    def lasting_since(self, tenures: Any, name: str, moment: datetime) -> Any:
        """Those that had not ended by then."""
        return tenures.filter(Q(until=None) | Q(until__gt=moment))

    def narrowed(self) -> Any:
        """What the filters leave over; Required without a place, Invalid for a moment that has not come."""
        self.refuse_malformed()
        asked = {name for name, value in self.form.cleaned_data.items() if value not in EMPTY_VALUES}
        if not asked.intersection(self.PLACES):
            raise errors.Required(f"Say whose or where: one of {', '.join(self.PLACES)}.", field="ip")
        if "at" in asked and asked.intersection({"since", "until"}):
            raise errors.Invalid("Give at, or since and until.", field="at")
        if self.moment and self.moment > timezone.now():
            raise errors.Invalid("That moment has not come yet. Give one that has passed.", field="at")
        return super().narrowed()

    @property
    def moment(self) -> datetime | None:
        """The moment that is asked about."""
        moment: datetime | None = self.form.cleaned_data.get("at")
        return moment


class AlertFilters(StrictFilterSet):
    state = filters.ChoiceFilter(choices=Alert.State.choices)
    severity = filters.ChoiceFilter(choices=AlertSeverity.choices)
    rule = NumberFilter(field_name="rule_id")
    kind = filters.CharFilter()
    object = filters.CharFilter(field_name="object_id")
    network = reference(Network, "network_id")
    project = reference(Project, "project_id", nullable=True)


class WebhookFilters(StrictFilterSet):
    project = reference(Project, "project_id", nullable=True)


class DeliveryFilters(StrictFilterSet):
    state = filters.ChoiceFilter(choices=Delivery.State.choices)


class FindingFilters(StrictFilterSet):
    """They are read as columns and values, for findings are no rows while an installation is small."""

    code = filters.CharFilter()
    severity = filters.TypedChoiceFilter(choices=[(one.label, one.label) for one in Finding.Severity], coerce=_severity)
    kind = filters.CharFilter()
    network = reference(Network, "network_id")
    project = reference(Project, "project_id", nullable=True)
    snoozed = filters.TypedChoiceFilter(  # of no column, but the description of the API looks for one
        field_name="code", choices=[("true", "true"), ("false", "false")], coerce="true".__eq__
    )

    @property
    def marked(self) -> bool:
        """Whether those are asked for that somebody has snoozed or accepted; else all others are."""
        return bool(self.form.cleaned_data["snoozed"])

    @property
    def columns(self) -> dict[str, set[Any]]:
        """{column: the values that are wanted}."""
        asked = {
            self.filters[name].field_name: value
            for name, value in self.form.cleaned_data.items()
            if value and name != "snoozed"
        }
        return {
            column: {None if one == NOTHING else one for one in (value if isinstance(value, list) else [value])}
            for column, value in asked.items()
        }
