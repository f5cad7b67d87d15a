"""What lists can be narrowed by. An unknown filter or a malformed value is an error that names it, never ignored."""

from collections.abc import Callable, Container, Iterable
from typing import Any, TypeVar

import django_filters as filters
from django import forms
from django.db.models import Exists, Model, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from netaddr import IPAddress as AddressValue
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, shorten
from ipam.domain.core import lookups
from ipam.filter_fields import (
    NOTHING,
    AddressFilter,
    CidrField,
    CidrFilter,
    KeyField,
    KeyFilter,
    ListFilter,
    NumberFilter,
)
from ipam.models import VRF, Cluster, Finding, IPAddress, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.addresses import IPAddressQuerySet
from ipam.models.base import RecordQuerySet
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.events import Door, Kind, Verb
from ipam.models.machines import MachineQuerySet
from ipam.models.networks import NatType, NetworkQuerySet, NetworkType, Stack
from ipam.models.prefixes import PrefixQuerySet
from ipam.values import DUAL_STACK, parse_families

M = TypeVar("M", bound=Model)

FAMILIES = [*((family.key, family.label) for family in Family), (DUAL_STACK, "IPv4 and IPv6")]


def narrow(kind: str, parameters: QueryDict, objects: QuerySet[Any]) -> QuerySet[Any]:
    """The objects of a kind, such as “addresses”, that a list with these parameters shows."""
    filterset = BY_KIND[kind](parameters, queryset=objects)
    refuse_unknown_of(filterset, parameters)
    return narrowed(filterset)


def narrowed(filterset: filters.FilterSet) -> QuerySet[Any]:
    """What the filters leave over; Invalid for each whose value is none of its values."""
    refuse_malformed(filterset)
    left: QuerySet[Any] = filterset.qs
    return left


def refuse_unknown_of(filterset: filters.FilterSet, parameters: QueryDict, also: Iterable[str] = ()) -> None:
    """Invalid for each parameter that names neither a filter nor one of `also`, is empty, or is said too often."""
    known = filterset.filters
    refuse_unknown(parameters, {*known, *also}, {name for name, one in known.items() if isinstance(one, ListFilter)})


def refuse_unknown(parameters: QueryDict, known: set[str], lists: Container[str] = ()) -> None:
    """Invalid for each parameter that is not known, that is empty, or that is said twice and is none of `lists`."""
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


def refuse_malformed(filterset: filters.FilterSet) -> None:
    """Invalid for each filter whose value is none of its values."""
    broken = [
        errors.Invalid(str(message), field=name) for name, messages in filterset.errors.items() for message in messages
    ]
    errors.raise_all(broken)


def _asks(word: str) -> Callable[[Any, str, Any], Any]:
    """Objects of whose QuerySet this is a word that takes the value."""
    return lambda objects, name, value: getattr(objects, word)(value)


def _reference(model: type[Model], column: str, *, nullable: bool = False) -> ListFilter:
    """Objects that refer to any of these, by id or name."""
    return ListFilter(KeyField(model, nullable=nullable, required=False), field_name=column)


class Filters(filters.FilterSet):
    """Filters of every described object. `label=key` or `label=key=value`, repeatable; `q` is free text."""

    name = filters.CharFilter()
    description = filters.CharFilter()
    label = ListFilter(forms.CharField(strip=False), method="with_label")
    q = filters.CharFilter(method=_asks("matching"))

    def with_label(self, queryset: RecordQuerySet[M], name: str, value: list[str]) -> RecordQuerySet[M]:
        for text in value:
            key, has_value, wanted = text.partition("=")
            queryset = queryset.labelled(key, wanted if has_value else None)
        return queryset


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

    def with_family(self, queryset: NetworkQuerySet, name: str, value: str) -> NetworkQuerySet:
        for family in parse_families(value):
            queryset = self._having(queryset, Prefix.objects.filter(family=family))
        return queryset

    def with_prefixes(self, queryset: NetworkQuerySet, name: str, value: list[IPNetwork]) -> NetworkQuerySet:
        for cidr in value:
            queryset = self._having(queryset, Prefix.objects.equal_to(cidr))
        return queryset

    def with_destinations(self, queryset: NetworkQuerySet, name: str, value: list[IPNetwork]) -> NetworkQuerySet:
        # A JSON list of strings; both databases write it as text with each item in double quotes.
        listed = queryset.annotate(_destinations=Cast("destination_prefixes", TextField()))
        for cidr in value:
            listed = listed.filter(_destinations__contains=f'"{cidr}"')
        return listed

    def holding(self, queryset: NetworkQuerySet, name: str, value: AddressValue) -> NetworkQuerySet:
        return self._having(queryset, Prefix.objects.containing(value))

    def overlapping(self, queryset: NetworkQuerySet, name: str, value: IPNetwork) -> NetworkQuerySet:
        return self._having(queryset, Prefix.objects.overlapping(value))

    def usable(self, queryset: NetworkQuerySet, name: str, value: object) -> NetworkQuerySet:
        return queryset.usable_by(lookups.named(Project, value, field=name))

    def _having(self, queryset: NetworkQuerySet, prefixes: PrefixQuerySet) -> NetworkQuerySet:
        return queryset.filter(Exists(prefixes.filter(network=OuterRef("pk"))))


class PrefixFilters(filters.FilterSet):
    network = _reference(Network, "network_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    parent = KeyFilter(model=Prefix, field_name="parent_id", nullable=True)
    length = NumberFilter()
    length__gte = NumberFilter(field_name="length", lookup_expr="gte")
    length__lte = NumberFilter(field_name="length", lookup_expr="lte")
    contains = AddressFilter(method=_asks("containing"))
    within = CidrFilter(method=_asks("within"))
    q = filters.CharFilter(method=_asks("matching"))

    def of_family(self, queryset: PrefixQuerySet, name: str, value: str) -> PrefixQuerySet:
        return queryset if value == DUAL_STACK else queryset.filter(family=Family.from_key(value))


class AddressFilters(Filters):
    ip = AddressFilter(field_name="address")
    network = _reference(Network, "network_id")
    project = _reference(Project, "project_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    machine = KeyFilter(model=Machine, field_name="machine_id", nullable=True)
    prefix = ListFilter(CidrField(), method="of_prefixes")
    within = CidrFilter(method=_asks("within"))
    type = ListFilter(forms.ChoiceField(choices=IPAddress.Type.choices))
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    allocation = filters.UUIDFilter()

    def of_prefixes(self, queryset: IPAddressQuerySet, name: str, value: list[IPNetwork]) -> IPAddressQuerySet:
        for cidr in value:
            queryset = queryset.filter(prefix__in=Prefix.objects.equal_to(cidr))
        return queryset

    def of_family(self, queryset: IPAddressQuerySet, name: str, value: str) -> IPAddressQuerySet:
        # A family is a range of addresses, and lists are in the order of addresses.
        return queryset if value == DUAL_STACK else queryset.within(block(Family.from_key(value), 0, 0))


class MachineFilters(Filters):
    id = filters.CharFilter()
    project = _reference(Project, "project_id")
    partition = KeyFilter(model=Partition, field_name="partition_id")
    role = filters.ChoiceFilter(choices=Machine.Role.choices)
    network = ListFilter(KeyField(Network), method="in_networks")
    ip = AddressFilter(method="holding")
    asn = NumberFilter()

    def in_networks(self, queryset: MachineQuerySet, name: str, value: list[str]) -> MachineQuerySet:
        if len(value) == 1:
            return queryset.filter(attachments__network=value[0])
        return queryset.filter(Exists(MachineNetwork.objects.filter(network__in=value, machine=OuterRef("pk"))))

    def holding(self, queryset: MachineQuerySet, name: str, value: AddressValue) -> MachineQuerySet:
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
    network = ListFilter(KeyField(Network), method=_asks("in_networks"))
    project = _reference(Project, "project_id", nullable=True)
    address = AddressFilter(method=_asks("naming"))
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    request_id = filters.CharFilter()
    q = filters.CharFilter(method=_asks("matching"))


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
