"""What lists can be narrowed by. An unknown filter or a malformed value is an error that names it, never ignored."""

from collections.abc import Callable
from typing import Any, TypeVar

import django_filters as filters
from django import forms
from django.db import connection
from django.db.models import CharField, Exists, Model, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict

from ipam.addressing import Address, Cidr, Family, block
from ipam.domain.core import lookups
from ipam.filter_fields import (
    FAMILIES,
    AddressFilter,
    CidrField,
    CidrFilter,
    KeyField,
    KeyFilter,
    ListFilter,
    MomentFilter,
    NumberFilter,
    StrictFilterSet,
    TextFilter,
    asks,
    of_family,
    reference,
)
from ipam.holder_filters import HolderFilter, having_address, shared
from ipam.labels import split_label
from ipam.models import VRF, Cluster, IPAddress, Machine, MachineNetwork, Network, Partition, Prefix, Project, Quota
from ipam.models.addresses import IPAddressQuerySet
from ipam.models.base import RecordQuerySet
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.machines import MachineQuerySet
from ipam.models.networks import NatType, NetworkQuerySet, NetworkType, Stack
from ipam.models.prefixes import PrefixQuerySet
from ipam.range_filters import RangeFilters
from ipam.values import DUAL_STACK, parse_families

M = TypeVar("M", bound=Model)


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

    FILTER_DEFAULTS = {**StrictFilterSet.FILTER_DEFAULTS, CharField: {"filter_class": TextFilter}}

    label = ListFilter(forms.CharField(strip=False), method="with_label")
    q = filters.CharFilter(method=asks("matching"))

    def with_label(self, queryset: RecordQuerySet[M], name: str, value: list[str]) -> RecordQuerySet[M]:
        for text in value:
            queryset = queryset.labelled(*split_label(text))
        return queryset


class PartitionFilters(Filters):
    id = filters.CharFilter()

    class Meta:
        model, fields = Partition, (*Partition.texts, "managed_by")


class ProjectFilters(Filters):
    id = filters.UUIDFilter()

    class Meta:
        model, fields = Project, (*Project.texts, "managed_by")


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
        model, fields = Network, (*Network.texts, "managed_by")

    def with_family(self, queryset: NetworkQuerySet, name: str, value: str) -> NetworkQuerySet:
        for family in parse_families(value):
            queryset = queryset.having(Prefix.objects.filter(family=family))
        return queryset

    def with_prefixes(self, queryset: NetworkQuerySet, name: str, value: list[Cidr]) -> NetworkQuerySet:
        for cidr in value:
            queryset = queryset.having(Prefix.objects.equal_to(cidr))
        return queryset

    def with_destinations(self, queryset: NetworkQuerySet, name: str, value: list[Cidr]) -> NetworkQuerySet:
        if connection.features.supports_json_field_contains:
            return queryset.filter(destination_prefixes__contains=list(map(str, value)))
        # A JSON list of strings, written as text with each item in double quotes.
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
        # A family is a range of addresses, and lists are in the order of addresses.
        return queryset if value == DUAL_STACK else queryset.within(block(Family.from_key(value), 0, 0))


class AddressFilters(Filters):
    ip = AddressFilter(field_name="address")
    network = reference(Network, "network_id")
    project = reference(Project, "project_id")
    namespace = KeyFilter(model=Project, field_name="namespace_id", nullable=True)
    machine = HolderFilter(model=Machine, field_name="machine_id", nullable=True)
    shared = shared()
    cluster = KeyFilter(model=Cluster, field_name="cluster_id", nullable=True)
    prefix = ListFilter(CidrField(), method="of_prefixes")
    within = CidrFilter(method=asks("within"))
    type = ListFilter(forms.ChoiceField(choices=IPAddress.Type.choices))
    address_family = filters.ChoiceFilter(choices=FAMILIES, method="of_family")
    allocation = filters.UUIDFilter()

    class Meta:
        model, fields = IPAddress, (*IPAddress.texts, "managed_by")

    def of_prefixes(self, queryset: IPAddressQuerySet, name: str, value: list[Cidr]) -> IPAddressQuerySet:
        # By key: only then the database knows that there is one, and that its addresses are in order.
        for cidr in value:
            queryset = queryset.filter(prefix__in=list(Prefix.objects.equal_to(cidr).values_list("pk", flat=True)))
        return queryset

    def of_family(self, queryset: IPAddressQuerySet, name: str, value: str) -> IPAddressQuerySet:
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
        model, fields = Machine, (*Machine.texts, "managed_by")

    def in_networks(self, queryset: MachineQuerySet, name: str, value: list[str]) -> MachineQuerySet:
        if len(value) == 1:
            return queryset.filter(attachments__network=value[0])
        return queryset.filter(Exists(MachineNetwork.objects.filter(network__in=value, machine=OuterRef("pk"))))

    def holding(self, queryset: MachineQuerySet, name: str, value: Address) -> MachineQuerySet:
        return having_address(queryset, value)


class ClusterFilters(Filters):
    id = filters.UUIDFilter()
    project = reference(Project, "project_id")
    network = reference(Network, "network_id")
    state = filters.ChoiceFilter(choices=Cluster.State.choices)
    platform = filters.ChoiceFilter(choices=Platform.choices)
    families = filters.ChoiceFilter(choices=FamilyOrder.choices)

    class Meta:
        model, fields = Cluster, Cluster.texts


class HistoryFilters(StrictFilterSet):
    network = reference(Network, "series__network_id")
    address_family = of_family("series__family")
    since = MomentFilter(field_name="at", lookup_expr="gte")
    until = MomentFilter(field_name="at", lookup_expr="lt")


class ClaimFilters(Filters):
    pool = KeyFilter(model=Network, field_name="network_id")
    owner = KeyFilter(model=Project, field_name="project_id")
    name = filters.CharFilter()


class QuotaFilters(StrictFilterSet):
    project = reference(Project, "project_id")
    network = reference(Network, "network_id", nullable=True)
    address_family = of_family("family")
    resource = filters.ChoiceFilter(choices=Quota.Resource.choices)


BY_KIND: dict[str, type[StrictFilterSet]] = {
    "partitions": PartitionFilters,
    "projects": ProjectFilters,
    "vrfs": VrfFilters,
    "networks": NetworkFilters,
    "prefixes": PrefixFilters,
    "machines": MachineFilters,
    "clusters": ClusterFilters,
    "addresses": AddressFilters,
    "quotas": QuotaFilters,
    "ranges": RangeFilters,
    "history": HistoryFilters,
}
