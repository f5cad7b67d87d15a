import uuid
from typing import Self

from django.apps import apps
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.models.base import Described, RecordQuerySet
from ipam.models.cluster_ranges import ClusterRange
from ipam.models.indexes import by, texts
from ipam.models.machines import Machine, MachineNetwork
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.projects import Project
from ipam.natural import Natural

CLUSTER_NAME_LENGTH = 63
MAX_SURGE = 1_000  # nodes
# A DNS label (RFC 1123), as Kubernetes wants for the names of objects; Gardener and kubeadm start them with a letter.
_NAME = RegexValidator(
    r"\A[a-z]([a-z0-9-]*[a-z0-9])?\Z",
    "A cluster's name has small letters, digits and dashes; it starts with a letter and does not end with a dash.",
)
_GARDENER_VERSION = RegexValidator(
    r"\A1\.[0-9]{1,4}(\.[0-9]{1,4})?\Z", "A version of Gardener looks like 1.138 or 1.138.2."
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

    def surge(self, wanted: int | None) -> int:
        """How many nodes come before others go, where a plan does not say so; Gardener replaces one at a time."""
        return int(self is Platform.GARDENER) if wanted is None else wanted


class PodIpam(models.TextChoices):
    """What gives addresses to pods: out of the block of their node, or out of blocks that nodes take as they need."""

    HOST_LOCAL = "host-local", "host-local"
    CALICO = "calico-ipam", "calico-ipam"


class MigrationStep(models.TextChoices):
    """What comes next in a running cluster whose families have changed."""

    NONE = "", "none"
    SPEC = "spec", "change its specification"
    NODES = "nodes", "replace its nodes"
    DNS = "dns", "move its DNS"
    SERVICES = "services", "recreate its services"


class ClusterQuerySet(RecordQuerySet["Cluster"]):
    id_characters = "0123456789abcdef-"

    def with_plan(self, *, beside: bool = False) -> Self:
        """With all that the plan of each is made of, in a constant number of statements; `beside` as ranges have it."""
        ranges = ClusterRange.objects.beside() if beside else ClusterRange.objects.all()
        joined = MachineNetwork.objects.filter(network=OuterRef("network"), machine__role=Machine.Role.FIREWALL)
        count = joined.order_by().values("network").annotate(number=Count("*")).values("number")
        prefixes = Prefetch("network__prefixes", Prefix.objects.in_order())
        related = self.select_related("project", "network__parent").prefetch_related(
            Prefetch("ranges", ranges), prefixes
        )
        owned = apps.get_model("ipam", "IPAddress")._default_manager.filter(cluster=OuterRef("pk"))
        return related.annotate(firewalls=Coalesce(Subquery(count), 0), owns=Exists(owned))


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
    project = models.ForeignKey(Project, models.PROTECT, related_name="clusters", db_index=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="clusters", db_index=False)
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
    ipam = models.CharField(max_length=11, choices=PodIpam, default=PodIpam.HOST_LOCAL)
    max_surge = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Nodes beyond those that are wanted, while others are replaced."
    )
    gardener_project = models.CharField(max_length=CLUSTER_NAME_LENGTH, blank=True, default="")
    gardener_version = models.CharField(max_length=11, blank=True, default="", validators=[_GARDENER_VERSION])
    is_seed = models.BooleanField(default=False, help_text="Gardener runs control planes of other clusters in it.")
    seed = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="shoots", db_index=False)
    # The allocation of the addresses that its API is reached by, or none.
    api_allocation = models.UUIDField(null=True, blank=True, editable=False)
    migration_step = models.CharField(
        max_length=8, choices=MigrationStep, default=MigrationStep.NONE, blank=True, editable=False
    )
    # What a document of the running cluster says, in the words of the API; {} where none was read in.
    document = models.JSONField(default=dict, blank=True, editable=False)
    firewalls: int  # in the node network, where each has an address that no node can have; of those fetched `with_plan`

    owns = False  # whether any address is its own; of those fetched `with_plan`

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            *by("cluster", Natural("name"), "id", columns=("project", "network", "state", "platform", "families")),
            models.Index(Natural("name"), "id", name="cluster_in_order"),  # the list of clusters
            models.Index(fields=["state", "id"], name="cluster_in_order_of_state"),
            models.Index(fields=["created_at", "id"], name="cluster_by_age"),
            models.Index(fields=["seed"], name="cluster_of_seed", condition=Q(seed__isnull=False)),
            *texts("cluster", Natural("name"), "id", columns=Described.texts),
        ]
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
                name="cluster_ipam_and_step_known",
                condition=Q(ipam__in=PodIpam.values, migration_step__in=MigrationStep.values),
                violation_error_message="IPAM and step of a cluster are among those that are offered.",
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
    def surge(self) -> int:
        """How many nodes come before others go."""
        return Platform(self.platform).surge(self.max_surge)

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

    @property
    def service_cidrs(self) -> list[IPNetwork]:
        """Ranges of services beyond the first ones, IPv4 before IPv6."""
        held = (one for one in self.ranges.all() if one.purpose == ClusterRange.Purpose.FURTHER_SERVICES)
        return sorted(one.cidr for one in held)

    def _ranges(self, purpose: str) -> dict[Family, IPNetwork]:
        held = {one.address_family: one.cidr for one in self.ranges.all() if one.purpose == purpose}
        return {family: held[family] for family in self.address_families if family in held}
