import uuid
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Prefetch, Q
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.fields import AddressField, FamilyOf
from ipam.models.base import FAMILIES, Block, Described, RecordQuerySet
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.projects import Project

CLUSTER_NAME_LENGTH = 63
# A DNS label (RFC 1123), as Kubernetes wants for the names of objects; Gardener and kubeadm start them with a letter.
_NAME = RegexValidator(
    r"\A[a-z]([a-z0-9-]*[a-z0-9])?\Z",
    "A cluster's name has small letters, digits and dashes; it starts with a letter and does not end with a dash.",
)
_VERSION = RegexValidator(r"\A1\.[0-9]{1,2}(\.[0-9]{1,2})?\Z", "A Kubernetes version looks like 1.33 or 1.33.4.")


class FamilyOrder(models.TextChoices):
    """The address families of a cluster; the first is primary."""

    IPV4 = "ipv4", "IPv4"
    IPV6 = "ipv6", "IPv6"
    IPV4_FIRST = "ipv4,ipv6", "dual-stack, IPv4 first"
    IPV6_FIRST = "ipv6,ipv4", "dual-stack, IPv6 first"

    @property
    def families(self) -> tuple[Family, ...]:
        return tuple(Family.from_key(key) for key in self.value.split(","))


class Platform(models.TextChoices):
    """What makes the cluster; each refuses something that the others take."""

    GARDENER = "gardener", "Gardener"
    KUBEADM = "kubeadm", "kubeadm"
    KUBERNETES = "kubernetes", "Kubernetes itself"


class ClusterQuerySet(RecordQuerySet["Cluster"]):
    id_characters = "0123456789abcdef-"

    def with_plan(self) -> Self:
        """With all that the plan of each is made of, in a constant number of statements."""
        prefixes = Prefetch("network__prefixes", Prefix.objects.in_order())
        return self.select_related("project", "network__parent").prefetch_related("ranges", prefixes)


def _mask_of(family: Family) -> Q:
    """There is a node mask of this family if the cluster has it."""
    mask, alone = f"node_mask_{family.key}", {"families": family.other.key}
    missing = {f"{mask}__isnull": True}
    return Q(**alone, **missing) | (~Q(**alone) & ~Q(**missing) & Q(**{f"{mask}__lte": family.bits}))


class Cluster(Described):
    """A plan of a Kubernetes cluster on a node network: its families, masks and, as rows, its ranges.

    The nodes' ranges are the prefixes of the network and are not stored again.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        RESERVED = "reserved", "reserved"
        RELEASED = "released", "released"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=CLUSTER_NAME_LENGTH, validators=[_NAME])
    project = models.ForeignKey(Project, models.PROTECT, related_name="clusters")
    network = models.ForeignKey(Network, models.PROTECT, related_name="clusters")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    platform = models.CharField(max_length=10, choices=Platform, default=Platform.GARDENER)
    kubernetes_version = models.CharField(max_length=8, validators=[_VERSION])
    families = models.CharField(max_length=9, choices=FamilyOrder)
    node_mask_ipv4 = models.PositiveSmallIntegerField(null=True, blank=True)
    node_mask_ipv6 = models.PositiveSmallIntegerField(null=True, blank=True)
    max_pods = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(65_535)])
    wanted_nodes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    native_routing = models.BooleanField(default=True, help_text="Pods are routed by the fabric, without an overlay.")

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="cluster_name_once_per_project",
                fields=["project", "name"],
                condition=~Q(state="released"),
                violation_error_message="The project already has a cluster of this name. Choose another.",
                violation_error_code="already_exists",
            ),
            models.UniqueConstraint(
                name="cluster_one_per_node_network",
                fields=["network"],
                condition=Q(state="reserved"),
                violation_error_message="Another cluster already stands on this node network. Carve one of its own.",
                violation_error_code="node_network_taken",
            ),
            models.CheckConstraint(
                name="cluster_choices_known",
                condition=Q(
                    state__in=["draft", "reserved", "released"],
                    platform__in=["gardener", "kubeadm", "kubernetes"],
                    families__in=["ipv4", "ipv6", "ipv4,ipv6", "ipv6,ipv4"],
                ),
                violation_error_message="State, platform and families of a cluster are among those that are offered.",
            ),
            models.CheckConstraint(
                name="cluster_node_mask_per_family",
                condition=_mask_of(Family.IPV4) & _mask_of(Family.IPV6),
                violation_error_message="A cluster has a node mask for each of its families, and for no other.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address_families(self) -> tuple[Family, ...]:
        """The primary family first."""
        return FamilyOrder(self.families).families

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_reserved(self) -> bool:
        """Whether nothing else may overlap its ranges."""
        return self.state == self.State.RESERVED

    @property
    def node_mask(self) -> dict[Family, int]:
        """The prefix length of the block of pods that each node gets; the primary family first."""
        return {family: getattr(self, f"node_mask_{family.key}") for family in self.address_families}

    @property
    def nodes(self) -> dict[Family, IPNetwork]:
        """The prefixes of the node network; a private network has one of each family."""
        held = {prefix.address_family: prefix.cidr for prefix in self.network.prefixes.all()}
        return {family: held[family] for family in self.address_families if family in held}

    @property
    def pods(self) -> dict[Family, IPNetwork]:
        return self._ranges(ClusterRange.Purpose.PODS)

    @property
    def services(self) -> dict[Family, IPNetwork]:
        return self._ranges(ClusterRange.Purpose.SERVICES)

    def _ranges(self, purpose: str) -> dict[Family, IPNetwork]:
        held = {one.address_family: one.cidr for one in self.ranges.all() if one.purpose == purpose}
        return {family: held[family] for family in self.address_families if family in held}


class ClusterRangeQuerySet(models.QuerySet["ClusterRange"]):
    def reserved(self) -> Self:
        """Those that nothing else may overlap."""
        return self.filter(reserved_in__isnull=False)

    def overlapping(self, cidr: IPNetwork) -> Self:
        """Those that share an address with `cidr`."""
        return self.filter(first__lte=Address(cidr.last, cidr.version), last__gte=Address(cidr.first, cidr.version))


class ClusterRange(Block):
    """The pods or services of one family of a cluster.

    While `reserved_in` names a super network, the range is reserved: no other reserved range of that super and no
    network overlaps it. ipam/models/guards.py makes the database refuse that.
    """

    class Purpose(models.TextChoices):
        PODS = "pods", "pods"
        SERVICES = "services", "services"

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="ranges", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    first = AddressField()
    last = AddressField()
    length = models.PositiveSmallIntegerField()
    reserved_in = models.ForeignKey(Network, models.PROTECT, null=True, blank=True, related_name="reserved_ranges")

    objects = ClusterRangeQuerySet.as_manager()

    class Meta:
        ordering = ["cluster", "purpose", "family"]
        indexes = [models.Index(fields=["first", "last"], name="cluster_range_by_address")]  # overlap, search
        constraints = [
            models.UniqueConstraint(
                name="cluster_range_once",
                fields=["cluster", "purpose", "family"],
                violation_error_message="A cluster has one range of each family for pods, and one for services.",
            ),
            models.CheckConstraint(
                name="cluster_range_purpose_known",
                condition=Q(purpose__in=["pods", "services"]),
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
