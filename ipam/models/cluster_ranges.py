"""The pods and services of clusters as rows, which the database keeps apart."""

from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.fields import AddressField, FamilyOf
from ipam.models.base import FAMILIES, Block
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.vrfs import VRF


class ClusterRangeQuerySet(models.QuerySet["ClusterRange"]):
    def reserved(self) -> Self:
        """Those that nothing else may overlap."""
        return self.filter(reserved_in__isnull=False)

    def overlapping(self, *cidrs: IPNetwork) -> Self:
        """Those that share an address with one of these."""
        ends = [(Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)) for cidr in cidrs]
        return self.filter(reduce(or_, (Q(first__lte=last, last__gte=first) for first, last in ends)))

    def beside(self) -> Self:
        """With the keys of what has space of theirs in another VRF, or None: an `other` reserved range below the same
        super network, and a root prefix, their `holder`.
        """
        ends = Q(first__lte=OuterRef("last"), last__gte=OuterRef("first"))
        above, vrf = OuterRef("cluster__network__parent"), OuterRef("cluster__network__vrf")
        others = ClusterRange.objects.reserved().exclude(cluster=OuterRef("cluster")).filter(ends)
        same = others.filter(cluster__network__parent=above).exclude(reserved_vrf=vrf).order_by("first")
        roots = Prefix.objects.roots().filter(ends).exclude(network=above).exclude(network__vrf=vrf).order_by("first")
        return self.annotate(other=Subquery(same.values("pk")[:1]), holder=Subquery(roots.values("pk")[:1]))


class ClusterRange(Block):
    """The pods or services of one family of a cluster.

    While `reserved_in` names a super network, the range is reserved: no other reserved range and no network of its VRF
    overlaps it; where `is_strict`, none below the same super network and no root prefix at all.
    ipam/models/guards.py makes the database refuse that.
    """

    class Purpose(models.TextChoices):
        PODS = "pods", "pods"
        SERVICES = "services", "services"
        FURTHER_SERVICES = "further", "further services"

    cluster = models.ForeignKey("ipam.Cluster", models.CASCADE, related_name="ranges", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    first = AddressField()
    last = AddressField()
    length = models.PositiveSmallIntegerField()
    reserved_in = models.ForeignKey(Network, models.PROTECT, null=True, blank=True, related_name="reserved_ranges")
    reserved_vrf = models.ForeignKey(VRF, models.PROTECT, null=True, blank=True, related_name="+")
    is_strict = models.BooleanField(default=False)

    other: int | None  # of those fetched `beside`
    holder: int | None

    objects = ClusterRangeQuerySet.as_manager()

    class Meta:
        ordering = ["cluster", "purpose", "family"]
        indexes = [models.Index(fields=["first", "last"], name="cluster_range_by_address")]  # overlap, search
        constraints = [
            models.UniqueConstraint(
                name="cluster_range_once",
                fields=["cluster", "purpose", "family"],
                condition=Q(purpose__in=["pods", "services"]),
                violation_error_message="A cluster has one range of each family for pods, and one for services.",
            ),
            models.CheckConstraint(
                name="cluster_range_purpose_known",
                condition=Q(purpose__in=["pods", "services", "further"]),
                violation_error_message="A range is for pods or services.",
            ),
            models.CheckConstraint(
                name="cluster_range_is_a_block_of_its_family",
                condition=Q(family=FamilyOf("first"), first__lte=F("last"))
                & Q(family=FamilyOf("last"))
                & (Q(family=4, length__lte=32) | Q(family=6, length__lte=128)),
                violation_error_message="A range is a block of addresses of its family.",
            ),
        ]
