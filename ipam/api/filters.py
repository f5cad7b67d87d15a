"""What lists can be narrowed by. An unknown filter or a malformed value is an error that names it, never ignored."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django_filters.constants import EMPTY_VALUES
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from netaddr import IPAddress as AddressValue
from netaddr import IPNetwork
from rest_framework.request import Request
from rest_framework.views import APIView

from ipam import errors
from ipam.address_parts import block_of
from ipam.addressing import Family, block, parse_address, shorten
from ipam.api.filter_fields import NOTHING, AddressField, CidrField, EachField, KeyField, NumberField
from ipam.domain.core import lookups
from ipam.models import VRF, Cluster, Finding, IPAddress, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.events import Door, Kind, Verb
from ipam.models.networks import NatType, NetworkType, Stack

PAGING = {"limit", "cursor", "ordering", "count"}
BOTH = "dual-stack"
FAMILIES = [*((family.key, family.label) for family in Family), (BOTH, "IPv4 and IPv6")]


def refuse_unknown(request: Request, known: set[str]) -> None:
    """A misspelt parameter would otherwise change nothing, or worse, turn a rehearsal into a real change.

    So would an empty or blank one, which a script has that lost its variable, and one that is said twice.
    """
    _refuse(request.query_params, known)


def _refuse(parameters: QueryDict, known: set[str], lists: Container[str] = ()) -> None:
    broken = []
    for name, values in parameters.lists():
        if name not in known:
            text = f"There is no parameter “{shorten(name)}” here. Known: {', '.join(sorted(known)) or 'none'}."
            broken.append(errors.Invalid(text, field=shorten(name)))
        elif not all(map(str.strip, values)):
            broken.append(errors.Invalid(f"{name} is empty. Give it a value, or leave it out.", field=name))
        elif len(values) > 1 and name not in lists:
            broken.append(errors.Invalid(f"{name} is given {len(values)} times. Give it once.", field=name))
    errors.raise_all(broken)


class StrictFilterBackend(DjangoFilterBackend):
    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset = self.asked(request, queryset, view)
        return queryset if filterset is None else _narrow(filterset)

    def asked(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        """The filters of a list with what a request says of them, once its parameters are known and not twofold."""
        filterset = self.get_filterset(request, queryset, view)
        known = filterset.filters if filterset else {}
        _refuse(request.query_params, PAGING | set(known), _lists(known))
        return filterset


def narrow(kind: str, parameters: QueryDict, objects: QuerySet[Any]) -> QuerySet[Any]:
    """The objects of a kind, such as “addresses”, that a list with these parameters shows."""
    filterset = BY_KIND[kind](parameters, queryset=objects)
    _refuse(parameters, set(filterset.filters), _lists(filterset.filters))
    return _narrow(filterset)


def _lists(known: Mapping[str, Any]) -> set[str]:
    """The filters that may be given several times."""
    return {name for name, one in known.items() if isinstance(one, ListFilter)}


def _narrow(filterset: Any) -> QuerySet[Any]:
    refuse_malformed(filterset)
    narrowed: QuerySet[Any] = filterset.qs
    return narrowed


def refuse_malformed(filterset: Any) -> None:
    """Invalid for each filter whose value is none of its values."""
    errors.raise_all(
        [
            errors.Invalid(str(message), field=name)
            for name, messages in filterset.errors.items()
            for message in messages
        ]
    )


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ListFilter(filters.Filter):
    """May be repeated; `one` reads each value. Without a method: any of them, a reference may be “null”."""

    field_class = EachField

    def __init__(self, one: forms.Field, **options: Any) -> None:
        super().__init__(one=one, **options)

    def filter(self, qs: Any, value: Any) -> Any:
        return _any_of(qs, self.field_name, value) if value else qs


def _any_of(queryset: Any, column: str, values: Iterable[Any]) -> Any:
    wanted = set(values)
    if len(wanted) == 1:
        (one,) = wanted
        return queryset.filter(**({f"{column}__isnull": True} if one == NOTHING else {column: one}))
    found = Q(**{f"{column}__in": wanted - {NOTHING}})
    return queryset.filter(found | Q(**{f"{column}__isnull": True}) if NOTHING in wanted else found)


def _reference(model: type[Model], column: str, *, nullable: bool = False) -> ListFilter:
    """Objects that refer to any of these, by id or name."""
    return ListFilter(KeyField(model, nullable=nullable, required=False), field_name=column)


@extend_schema_field(str)
class KeyFilter(filters.Filter):
    """Objects that refer to this one, by id or name; to none by “null”, where that is offered."""

    field_class = KeyField

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value in EMPTY_VALUES else _any_of(qs, self.field_name, [value])


@extend_schema_field({"type": "integer", "minimum": 0})
class NumberFilter(filters.Filter):
    field_class = NumberField


@extend_schema_field(str)
class AddressFilter(filters.Filter):
    field_class = AddressField


@extend_schema_field(str)
class CidrFilter(filters.Filter):
    field_class = CidrField


class Filters(filters.FilterSet):
    """Filters of every described object. `label=key` or `label=key=value`, repeatable; `q` is free text."""

    name = filters.CharFilter()
    description = filters.CharFilter()
    label = ListFilter(forms.CharField(strip=False), method="with_label")
    q = filters.CharFilter(method="matching")

    def with_label(self, queryset: Any, name: str, value: list[str]) -> Any:
        for text in value:
            key, has_value, wanted = text.partition("=")
            queryset = queryset.labelled(key, wanted if has_value else None)
        return queryset

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.matching(value)


class PartitionFilters(Filters):
    id = filters.CharFilter()


class ProjectFilters(Filters):
    id = filters.UUIDFilter()
    tenant = filters.CharFilter()


class VrfFilters(Filters):
    id = NumberFilter()


class NetworkFilters(Filters):
    id = filters.CharFilter()
    type = ListFilter(forms.ChoiceField(choices=NetworkType.choices))
    stack = filters.ChoiceFilter(choices=Stack.choices)
    partition = KeyFilter(model=Partition, field_name="partition_id", nullable=True)
    project = _reference(Project, "project_id", nullable=True)
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    parent = KeyFilter(model=Network, field_name="parent_id", nullable=True)
    vrf = KeyFilter(model=VRF, field_name="vrf_id", nullable=True)
    nat_type = filters.ChoiceFilter(choices=NatType.choices)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="with_family")
    prefix = ListFilter(CidrField(), method="with_prefixes")
    destination_prefix = ListFilter(CidrField(), method="with_destinations")
    contains = AddressFilter(method="holding")
    overlaps = CidrFilter(method="overlapping")
    usable_by = KeyFilter(model=Project, method="usable")

    def with_family(self, queryset: Any, name: str, value: str) -> Any:
        for family in Family if value == BOTH else [Family.from_key(value)]:
            queryset = self._having(queryset, Prefix.objects.filter(family=family))
        return queryset

    def with_prefixes(self, queryset: Any, name: str, value: list[IPNetwork]) -> Any:
        for cidr in value:
            queryset = self._having(queryset, _equal(Prefix.objects.all(), cidr))
        return queryset

    def with_destinations(self, queryset: Any, name: str, value: list[IPNetwork]) -> Any:
        # A JSON list of strings; both databases write it as text with each item in double quotes.
        listed = queryset.annotate(_destinations=Cast("destination_prefixes", TextField()))
        for cidr in value:
            listed = listed.filter(_destinations__contains=f'"{cidr}"')
        return listed

    def holding(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return self._having(queryset, Prefix.objects.containing(value))

    def overlapping(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return self._having(queryset, Prefix.objects.overlapping(value))

    def usable(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.usable_by(lookups.named(Project, value, field=name))

    def _having(self, queryset: Any, prefixes: Any) -> Any:
        return queryset.filter(Exists(prefixes.filter(network=OuterRef("pk"))))


class PrefixFilters(filters.FilterSet):
    network = _reference(Network, "network_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    parent = KeyFilter(model=Prefix, field_name="parent_id", nullable=True)
    length = NumberFilter()
    length__gte = NumberFilter(field_name="length", lookup_expr="gte")
    length__lte = NumberFilter(field_name="length", lookup_expr="lte")
    contains = AddressFilter(method="holding")
    within = CidrFilter(method="inside")
    q = filters.CharFilter(method="matching")

    def of_family(self, queryset: Any, name: str, value: str) -> Any:
        return queryset if value == BOTH else queryset.filter(family=Family.from_key(value))

    def holding(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return queryset.containing(value)

    def inside(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return queryset.within(value)

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        wanted = block_of(value)
        if wanted is None:
            return queryset.filter(network__in=Network.objects.filter(pk__icontains=value))
        return queryset.overlapping(wanted)


class AddressFilters(Filters):
    ip = AddressFilter(field_name="address")
    network = _reference(Network, "network_id")
    project = _reference(Project, "project_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    machine = KeyFilter(model=Machine, field_name="machine_id", nullable=True)
    prefix = ListFilter(CidrField(), method="of_prefixes")
    within = CidrFilter(method="inside")
    type = ListFilter(forms.ChoiceField(choices=IPAddress.Type.choices))
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    allocation = filters.UUIDFilter()

    def of_prefixes(self, queryset: Any, name: str, value: list[IPNetwork]) -> Any:
        for cidr in value:
            queryset = queryset.filter(prefix__in=_equal(Prefix.objects.all(), cidr))
        return queryset

    def inside(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return queryset.within(value)

    def of_family(self, queryset: Any, name: str, value: str) -> Any:
        # A family is a range of addresses, and lists are in the order of addresses.
        return queryset if value == BOTH else queryset.within(block(Family.from_key(value), 0, 0))

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        wanted = block_of(value)
        return queryset.matching(value) if wanted is None else queryset.within(wanted)


class MachineFilters(Filters):
    id = filters.CharFilter()
    project = _reference(Project, "project_id")
    partition = KeyFilter(model=Partition, field_name="partition_id")
    role = filters.ChoiceFilter(choices=Machine.Role.choices)
    network = ListFilter(KeyField(Network), method="in_networks")
    ip = AddressFilter(method="holding")
    asn = NumberFilter()

    def in_networks(self, queryset: Any, name: str, value: list[str]) -> Any:
        if len(value) == 1:
            return queryset.filter(attachments__network=value[0])
        return queryset.filter(Exists(MachineNetwork.objects.filter(network__in=value, machine=OuterRef("pk"))))

    def holding(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return queryset.filter(Exists(IPAddress.objects.filter(address=value, machine=OuterRef("pk"))))


class ClusterFilters(Filters):
    id = filters.UUIDFilter()
    project = _reference(Project, "project_id")
    network = _reference(Network, "network_id")
    state = filters.ChoiceFilter(choices=Cluster.State.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    families = filters.ChoiceFilter(choices=FamilyOrder.choices)


class ClaimFilters(filters.FilterSet):
    pool = KeyFilter(model=Network, field_name="network_id")
    owner = KeyFilter(model=Project, field_name="project_id")
    name = filters.CharFilter()


def _severity(label: str) -> int:
    return next(one.value for one in Finding.Severity if one.label == label)


class EventFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=Kind.choices)
    object = filters.CharFilter(field_name="object_id")
    verb = filters.ChoiceFilter(choices=Verb.choices)
    actor = filters.CharFilter()
    door = filters.ChoiceFilter(choices=Door.choices)
    network = ListFilter(KeyField(Network), method="in_networks")
    project = _reference(Project, "project_id", nullable=True)
    address = AddressFilter(method="naming")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    request_id = filters.CharFilter()
    part_of = NumberFilter()
    q = filters.CharFilter(method="matching")

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found.told() if self.form.cleaned_data.get("part_of") is None else found

    def in_networks(self, queryset: Any, name: str, value: list[str]) -> Any:
        return queryset.in_networks(value)

    def naming(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return queryset.naming(value)

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        try:
            return queryset.naming(parse_address(value.strip()))
        except ValueError:
            return queryset.matching(value)


class FindingFilters(filters.FilterSet):
    """They are read as columns and values, for findings are no rows while an installation is small."""

    code = filters.CharFilter()
    severity = filters.TypedChoiceFilter(choices=[(one.label, one.label) for one in Finding.Severity], coerce=_severity)
    kind = filters.CharFilter()
    network = _reference(Network, "network_id")
    project = _reference(Project, "project_id", nullable=True)

    @property
    def columns(self) -> dict[str, set[Any]]:
        """{column: the values that are wanted}."""
        asked = {self.filters[name].field_name: value for name, value in self.form.cleaned_data.items() if value}
        return {
            column: {None if one == NOTHING else one for one in (value if isinstance(value, list) else [value])}
            for column, value in asked.items()
        }


BY_KIND: dict[str, Any] = {
    "partitions": PartitionFilters,
    "projects": ProjectFilters,
    "vrfs": VrfFilters,
    "networks": NetworkFilters,
    "prefixes": PrefixFilters,
    "machines": MachineFilters,
    "clusters": ClusterFilters,
    "addresses": AddressFilters,
}


def _equal(prefixes: Any, cidr: IPNetwork) -> Any:
    """Those that are this CIDR."""
    first, last = AddressValue(cidr.first, cidr.version), AddressValue(cidr.last, cidr.version)
    return prefixes.filter(first=first, last=last)
