"""What lists can be narrowed by. An unknown filter or a malformed value is an error that names it, never ignored."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from netaddr import IPAddress as AddressValue
from netaddr import IPNetwork
from rest_framework.request import Request
from rest_framework.views import APIView

from ipam import errors
from ipam.addressing import Family, block, parse_address, parse_cidr, shorten
from ipam.domain import lookups
from ipam.domain.address_parts import block_of
from ipam.models import Cluster, IPAddress, Machine, Network, Prefix, Project
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.events import Door, Kind, Verb
from ipam.models.networks import NatType, NetworkType, Stack

PAGING = {"limit", "cursor", "ordering"}
FAMILIES = [(family.key, family.label) for family in Family]


def refuse_unknown(request: Request, known: set[str]) -> None:
    """A misspelt parameter would otherwise change nothing, or worse, turn a rehearsal into a real change."""
    _refuse_unknown(request.query_params, known)


def _refuse_unknown(parameters: Iterable[str], known: set[str]) -> None:
    errors.raise_all(
        [
            errors.Invalid(
                f"There is no parameter “{shorten(name)}” here. Known: {', '.join(sorted(known)) or 'none'}.",
                field=shorten(name),
            )
            for name in parameters
            if name not in known
        ]
    )


class StrictFilterBackend(DjangoFilterBackend):
    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        refuse_unknown(request, PAGING | set(filterset.filters if filterset else ()))
        if filterset is None:
            return queryset
        return _narrow(filterset)


def narrow(kind: str, parameters: QueryDict, objects: QuerySet[Any]) -> QuerySet[Any]:
    """The objects of a kind, such as “addresses”, that a list with these parameters shows."""
    filterset = BY_KIND[kind](parameters, queryset=objects)
    _refuse_unknown(parameters, set(filterset.filters))
    return _narrow(filterset)


def _narrow(filterset: Any) -> QuerySet[Any]:
    errors.raise_all(
        [
            errors.Invalid(str(message), field=name)
            for name, messages in filterset.errors.items()
            for message in messages
        ]
    )
    narrowed: QuerySet[Any] = filterset.qs
    return narrowed


class _ParsedField(forms.CharField):
    """Text that a parser of `ipam.addressing` turns into a value."""

    parse: Callable[[str], Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return type(self).parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class AddressField(_ParsedField):
    parse = staticmethod(parse_address)


class CidrField(_ParsedField):
    parse = staticmethod(parse_cidr)


def _parse_number(text: str) -> int:
    """Plain digits, as many as every column can hold; `int` alone would take “٣” and “1_0” too."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(f"“{shorten(text)}” is not a whole number.")
    return int(text)


class NumberField(_ParsedField):
    parse = staticmethod(_parse_number)


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
    label = filters.CharFilter(method="with_label")
    q = filters.CharFilter(method="matching")

    def with_label(self, queryset: Any, name: str, value: str) -> Any:
        for text in self.data.getlist("label"):
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
    type = filters.ChoiceFilter(choices=NetworkType.choices)
    stack = filters.ChoiceFilter(choices=Stack.choices)
    partition = filters.CharFilter(field_name="partition_id")
    project = filters.UUIDFilter(field_name="project_id")
    namespace = filters.UUIDFilter(field_name="namespace_id")
    parent = filters.CharFilter(field_name="parent_id")
    vrf = NumberFilter(field_name="vrf_id")
    nat_type = filters.ChoiceFilter(choices=NatType.choices)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="with_family")
    prefix = CidrFilter(method="with_prefix")
    destination_prefix = CidrFilter(method="with_destination")
    contains = AddressFilter(method="holding")
    overlaps = CidrFilter(method="overlapping")
    usable_by = filters.UUIDFilter(method="usable")

    def with_family(self, queryset: Any, name: str, value: str) -> Any:
        return self._having(queryset, Prefix.objects.filter(family=Family.from_key(value)))

    def with_prefix(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return self._having(queryset, _equal(Prefix.objects.all(), value))

    def with_destination(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        # A JSON list of strings; both databases write it as text with each item in double quotes.
        listed = queryset.annotate(_destinations=Cast("destination_prefixes", TextField()))
        return listed.filter(_destinations__contains=f'"{value}"')

    def holding(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return self._having(queryset, Prefix.objects.containing(value))

    def overlapping(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return self._having(queryset, Prefix.objects.overlapping(value))

    def usable(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.usable_by(lookups.get(Project, value, field=name))

    def _having(self, queryset: Any, prefixes: Any) -> Any:
        return queryset.filter(Exists(prefixes.filter(network=OuterRef("pk"))))


class PrefixFilters(filters.FilterSet):
    network = filters.CharFilter(field_name="network_id")
    namespace = filters.UUIDFilter(field_name="namespace_id")
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    parent = NumberFilter(field_name="parent_id")
    length = NumberFilter()
    contains = AddressFilter(method="holding")
    within = CidrFilter(method="inside")
    q = filters.CharFilter(method="matching")

    def of_family(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(family=Family.from_key(value))

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
    network = filters.CharFilter(field_name="network_id")
    project = filters.UUIDFilter(field_name="project_id")
    namespace = filters.UUIDFilter(field_name="namespace_id")
    machine = filters.CharFilter(field_name="machine_id")
    prefix = CidrFilter(method="of_prefix")
    within = CidrFilter(method="inside")
    type = filters.ChoiceFilter(choices=IPAddress.Type.choices)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    allocation = filters.UUIDFilter()

    def of_prefix(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return queryset.filter(prefix__in=_equal(Prefix.objects.all(), value))

    def inside(self, queryset: Any, name: str, value: IPNetwork) -> Any:
        return queryset.within(value)

    def of_family(self, queryset: Any, name: str, value: str) -> Any:
        # A family is a range of addresses, and lists are in the order of addresses.
        return queryset.within(block(Family.from_key(value), 0, 0))

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        wanted = block_of(value)
        return queryset.matching(value) if wanted is None else queryset.within(wanted)


class MachineFilters(Filters):
    id = filters.CharFilter()
    project = filters.UUIDFilter(field_name="project_id")
    partition = filters.CharFilter(field_name="partition_id")
    role = filters.ChoiceFilter(choices=Machine.Role.choices)
    network = filters.CharFilter(method="in_network")
    ip = AddressFilter(method="holding")
    asn = NumberFilter()

    def in_network(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(attachments__network=value)

    def holding(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return queryset.filter(Exists(IPAddress.objects.filter(address=value, machine=OuterRef("pk"))))


class ClusterFilters(Filters):
    id = filters.UUIDFilter()
    project = filters.UUIDFilter(field_name="project_id")
    network = filters.CharFilter(field_name="network_id")
    state = filters.ChoiceFilter(choices=Cluster.State.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    families = filters.ChoiceFilter(choices=FamilyOrder.choices)


class ClaimFilters(filters.FilterSet):
    pool = filters.CharFilter(field_name="network_id")
    owner = filters.UUIDFilter(field_name="project_id")
    name = filters.CharFilter()


class EventFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=Kind.choices)
    object = filters.CharFilter(field_name="object_id")
    verb = filters.ChoiceFilter(choices=Verb.choices)
    actor = filters.CharFilter()
    door = filters.ChoiceFilter(choices=Door.choices)
    network = filters.CharFilter(method="in_network")
    project = filters.UUIDFilter(field_name="project_id")
    address = AddressFilter(method="naming")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    request_id = filters.CharFilter()
    q = filters.CharFilter(method="matching")

    def in_network(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.in_network(value)

    def naming(self, queryset: Any, name: str, value: AddressValue) -> Any:
        return queryset.naming(value)

    def matching(self, queryset: Any, name: str, value: str) -> Any:
        try:
            return queryset.naming(parse_address(value.strip()))
        except ValueError:
            return queryset.matching(value)


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
    """Those that are this CIDR; a CIDR with host bits set equals none."""
    first, last = AddressValue(cidr.ip.value, cidr.version), AddressValue(cidr.last, cidr.version)
    return prefixes.filter(first=first, last=last)
