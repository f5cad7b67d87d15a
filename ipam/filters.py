"""What lists can be narrowed by. An unknown filter or a malformed value is an error that names it, never ignored."""

from collections.abc import Callable
from typing import Any, TypeVar

import django_filters as filters
from django import forms
from django.db.models import Exists, Model, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict

from ipam.addressing import Address, Cidr, Family, block
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
    StrictFilterSet,
    asks,
    reference,
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
    filterset.refuse_unknown()
    return filterset.narrowed()


def _having(word: str) -> Callable[[Any, str, Any], Any]:
    """Networks with a prefix of which this is so."""
    return lambda networks, name, value: networks.having(getattr(Prefix.objects, word)(value))


class Filters(StrictFilterSet):
    """Filters of every described object. `label=key` or `label=key=value`, repeatable; `q` is free text."""

    label = ListFilter(forms.CharField(strip=False), method="with_label")
    q = filters.CharFilter(method=asks("matching"))

    def with_label(self, queryset: RecordQuerySet[M], name: str, value: list[str]) -> RecordQuerySet[M]:
        for text in value:
            key, has_value, wanted = text.partition("=")
            queryset = queryset.labelled(key, wanted if has_value else None)
        return queryset


class PartitionFilters(Filters):
    id = filters.CharFilter()

    class Meta:
        model, fields = Partition, Partition.texts


class ProjectFilters(Filters):
    id = filters.UUIDFilter()

    class Meta:
        model, fields = Project, Project.texts


class VrfFilters(Filters):
    id = NumberFilter()

    class Meta:
        model, fields = VRF, VRF.texts


class NetworkFilters(Filters):
    id = filters.CharFilter()
    type = ListFilter(forms.ChoiceField(choices=NetworkType.choices))
    stack = filters.ChoiceFilter(choices=Stack.choices)
    partition = KeyFilter(model=Partition, field_name="partition_id", nullable=True)
    project = reference(Project, "project_id", nullable=True)
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    parent = KeyFilter(model=Network, field_name="parent_id", nullable=True)
    vrf = KeyFilter(model=VRF, field_name="vrf_id", nullable=True)
    nat_type = filters.ChoiceFilter(choices=NatType.choices)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="with_family")
    prefix = ListFilter(CidrField(), method="with_prefixes")
    destination_prefix = ListFilter(CidrField(), method="with_destinations")
    contains = AddressFilter(method=_having("containing_address"))
    overlaps = CidrFilter(method=_having("overlapping"))
    usable_by = KeyFilter(model=Project, method="usable")

    class Meta:
        model, fields = Network, Network.texts

    def with_family(self, queryset: NetworkQuerySet, name: str, value: str) -> NetworkQuerySet:
        for family in parse_families(value):
            queryset = queryset.having(Prefix.objects.filter(family=family))
        return queryset

    def with_prefixes(self, queryset: NetworkQuerySet, name: str, value: list[Cidr]) -> NetworkQuerySet:
        for cidr in value:
            queryset = queryset.having(Prefix.objects.equal_to(cidr))
        return queryset

    def with_destinations(self, queryset: NetworkQuerySet, name: str, value: list[Cidr]) -> NetworkQuerySet:
        # A JSON list of strings; both databases write it as text with each item in double quotes.
        listed = queryset.annotate(_destinations=Cast("destination_prefixes", TextField()))
        for cidr in value:
            listed = listed.filter(_destinations__contains=f'"{cidr}"')
        return listed

    def usable(self, queryset: NetworkQuerySet, name: str, value: object) -> NetworkQuerySet:
        return queryset.usable_by(lookups.named(Project, value, field=name))


class PrefixFilters(StrictFilterSet):
    network = reference(Network, "network_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    parent = KeyFilter(model=Prefix, field_name="parent_id", nullable=True)
    length = NumberFilter()
    length__gte = NumberFilter(field_name="length", lookup_expr="gte")
    length__lte = NumberFilter(field_name="length", lookup_expr="lte")
    contains = AddressFilter(method=asks("containing_address"))
    within = CidrFilter(method=asks("within"))
    q = filters.CharFilter(method=asks("matching"))

    def of_family(self, queryset: PrefixQuerySet, name: str, value: str) -> PrefixQuerySet:
        return queryset if value == DUAL_STACK else queryset.filter(family=Family.from_key(value))


class AddressFilters(Filters):
    ip = AddressFilter(field_name="address")
    network = reference(Network, "network_id")
    project = reference(Project, "project_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    machine = KeyFilter(model=Machine, field_name="machine_id", nullable=True)
    prefix = ListFilter(CidrField(), method="of_prefixes")
    within = CidrFilter(method=asks("within"))
    type = ListFilter(forms.ChoiceField(choices=IPAddress.Type.choices))
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    allocation = filters.UUIDFilter()

    class Meta:
        model, fields = IPAddress, IPAddress.texts

    def of_prefixes(self, queryset: IPAddressQuerySet, name: str, value: list[Cidr]) -> IPAddressQuerySet:
        for cidr in value:
            queryset = queryset.filter(prefix__in=Prefix.objects.equal_to(cidr))
        return queryset

    def of_family(self, queryset: IPAddressQuerySet, name: str, value: str) -> IPAddressQuerySet:
        # A family is a range of addresses, and lists are in the order of addresses.
        return queryset if value == DUAL_STACK else queryset.within(block(Family.from_key(value), 0, 0))


class MachineFilters(Filters):
    id = filters.CharFilter()
    project = reference(Project, "project_id")
    partition = KeyFilter(model=Partition, field_name="partition_id")
    role = filters.ChoiceFilter(choices=Machine.Role.choices)
    network = ListFilter(KeyField(Network), method="in_networks")
    ip = AddressFilter(method="holding")
    asn = NumberFilter()

    class Meta:
        model, fields = Machine, Machine.texts

    def in_networks(self, queryset: MachineQuerySet, name: str, value: list[str]) -> MachineQuerySet:
        if len(value) == 1:
            return queryset.filter(attachments__network=value[0])
        return queryset.filter(Exists(MachineNetwork.objects.filter(network__in=value, machine=OuterRef("pk"))))

    def holding(self, queryset: MachineQuerySet, name: str, value: Address) -> MachineQuerySet:
        return queryset.filter(Exists(IPAddress.objects.filter(address=value, machine=OuterRef("pk"))))


class ClusterFilters(Filters):
    id = filters.UUIDFilter()
    project = reference(Project, "project_id")
    network = reference(Network, "network_id")
    state = filters.ChoiceFilter(choices=Cluster.State.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    families = filters.ChoiceFilter(choices=FamilyOrder.choices)

    class Meta:
        model, fields = Cluster, Cluster.texts


class ClaimFilters(StrictFilterSet):
    pool = KeyFilter(model=Network, field_name="network_id")
    owner = KeyFilter(model=Project, field_name="project_id")
    name = filters.CharFilter()


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


BY_KIND: dict[str, type[StrictFilterSet]] = {
    "partitions": PartitionFilters,
    "projects": ProjectFilters,
    "vrfs": VrfFilters,
    "networks": NetworkFilters,
    "prefixes": PrefixFilters,
    "machines": MachineFilters,
    "clusters": ClusterFilters,
    "addresses": AddressFilters,
}
