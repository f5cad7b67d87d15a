"""What the change history and the findings can be narrowed by."""

from typing import Any

import django_filters as filters

from ipam.filter_fields import (
    NOTHING,
    AddressFilter,
    KeyField,
    ListFilter,
    NumberFilter,
    StrictFilterSet,
    asks,
    reference,
)
from ipam.models import Finding, Network, Project
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
    q = filters.CharFilter(method=asks("matching"))

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found.told() if self.form.cleaned_data.get("part_of") is None else found


class FindingFilters(StrictFilterSet):
    """They are read as columns and values, for findings are no rows while an installation is small."""

    code = filters.CharFilter()
    severity = filters.TypedChoiceFilter(choices=[(one.label, one.label) for one in Finding.Severity], coerce=_severity)
    kind = filters.CharFilter()
    network = reference(Network, "network_id")
    project = reference(Project, "project_id", nullable=True)

    @property
    def columns(self) -> dict[str, set[Any]]:
        """{column: the values that are wanted}."""
        asked = {self.filters[name].field_name: value for name, value in self.form.cleaned_data.items() if value}
        return {
            column: {None if one == NOTHING else one for one in (value if isinstance(value, list) else [value])}
            for column, value in asked.items()
        }
