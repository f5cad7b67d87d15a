from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.models.base import Described, RecordQuerySet, SlugIdField
from ipam.models.partitions import Partition
from ipam.models.projects import Project
from ipam.models.vrfs import VRF
from ipam.natural import Natural


class NetworkType(models.TextChoices):
    """What a network is for; decides which rules hold. It never changes."""

    EXTERNAL = "external", "external"
    UNDERLAY = "underlay", "underlay"
    SUPER = "super", "super"
    SUPER_NAMESPACED = "super-namespaced", "super-namespaced"
    CHILD = "child", "child"
    CHILD_SHARED = "child-shared", "child-shared"


class Stack(models.TextChoices):
    """Which families a network may have."""

    DUAL = "dual", "dual-stack"
    IPV4 = "ipv4", "IPv4 only"
    IPV6 = "ipv6", "IPv6 only"

    @property
    def families(self) -> tuple[Family, ...]:
        return tuple(Family) if self is Stack.DUAL else (Family.from_key(self.value),)


class NatType(models.TextChoices):
    NONE = "none", "none"
    IPV4_MASQUERADE = "ipv4-masquerade", "IPv4 masquerade"


SUPER_TYPES = (NetworkType.SUPER, NetworkType.SUPER_NAMESPACED)
CHILD_TYPES = (NetworkType.CHILD, NetworkType.CHILD_SHARED)


class NetworkQuerySet(RecordQuerySet["Network"]):
    def matching(self, text: str) -> Self:
        """Those with a prefix that shares an address with the block that `text` names, and those with it in a text."""
        wanted = block_of(text)
        if wanted is None:
            return self.with_text(text)
        overlapping = apps.get_model("ipam", "Prefix")._default_manager.overlapping(wanted)
        named = Q(pk__in=self.model.objects.with_text(text).values("pk"))
        return self.filter(named | Exists(overlapping.filter(network=OuterRef("pk"))))

    def having(self, prefixes: models.QuerySet[Any]) -> Self:
        """Networks with one of these prefixes."""
        return self.filter(Exists(prefixes.filter(network=OuterRef("pk"))))

    def supers(self) -> Self:
        """Networks that exist only to carve children from."""
        return self.filter(type__in=SUPER_TYPES)

    def children(self) -> Self:
        """Private networks, carved from a super network."""
        return self.filter(type__in=CHILD_TYPES)

    def counting_children(self, among: "NetworkQuerySet") -> Self:
        """With `child_count`, None without children: counted for the rows of a page, not for all that match."""
        children = among.filter(parent=OuterRef("pk")).order_by().values("parent")
        return self.annotate(child_count=Subquery(children.annotate(number=Count("*")).values("number")))

    def giving_addresses(self) -> Self:
        """Networks that hand out addresses: all but supers."""
        return self.exclude(type__in=SUPER_TYPES)

    def usable_by(self, project: Project) -> Self:
        """Networks that the project may take addresses from (rule 21)."""
        own = Q(project=project)
        public = Q(project=None, type=NetworkType.EXTERNAL)
        shared = Q(type=NetworkType.CHILD_SHARED)
        return self.giving_addresses().filter(own | public | shared)

    def declaring_vrf(self, vrf: VRF) -> Self:
        """Networks that name this VRF themselves, without those that inherit it from their parent."""
        return self.filter(vrf=vrf).exclude(parent__vrf=vrf)


def _type_in(*types: NetworkType) -> Q:
    return Q(type__in=[str(type_) for type_ in types])


_SUPER = _type_in(*SUPER_TYPES)
_CHILD = _type_in(*CHILD_TYPES)


class Network(Described):
    """A named set of prefixes of one or both families, in one VRF, of one type."""

    id = SlugIdField()
    type = models.CharField(max_length=16, choices=NetworkType, editable=False)
    stack = models.CharField(max_length=4, choices=Stack, default=Stack.DUAL)
    partition = models.ForeignKey(Partition, models.PROTECT, null=True, blank=True, related_name="networks")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="networks")
    namespace = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The project whose own copy of a super-namespaced space this network was carved from.",
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="children", db_index=False
    )
    vrf = models.ForeignKey(VRF, models.PROTECT, null=True, blank=True, related_name="networks")
    vrf_shared = models.BooleanField(default=False)
    nat_type = models.CharField(max_length=15, choices=NatType, default=NatType.NONE)
    destination_prefixes = models.JSONField(default=list, blank=True)
    additional_announcable_cidrs = models.JSONField(default=list, blank=True)
    default_child_length_ipv4 = models.PositiveSmallIntegerField(null=True, blank=True)
    default_child_length_ipv6 = models.PositiveSmallIntegerField(null=True, blank=True)
    min_child_length_ipv4 = models.PositiveSmallIntegerField(null=True, blank=True)
    min_child_length_ipv6 = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = NetworkQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["type", "id"], name="network_by_type"),  # GET networks/?type=…, overview
            models.Index(fields=["id"], name="network_roots", condition=Q(parent__isnull=True)),  # the tree
            models.Index("parent", Natural("name"), "id", name="network_children"),  # the page of a super network
            models.Index(Natural("name"), "id", name="network_by_name"),  # GET networks/?ordering=name
        ]
        constraints = [
            models.CheckConstraint(
                name="network_type_known",
                condition=_type_in(*NetworkType),
                violation_error_message="A type is external, underlay, super, super-namespaced, child or child-shared.",
            ),
            models.CheckConstraint(
                name="network_stack_known",
                condition=Q(stack__in=[str(stack) for stack in Stack]),
                violation_error_message="A stack is dual, ipv4 or ipv6.",
            ),
            models.CheckConstraint(
                name="network_child_has_parent_and_project",
                condition=(_CHILD & Q(parent__isnull=False, project__isnull=False))
                | (~_CHILD & Q(parent__isnull=True, namespace__isnull=True)),
                violation_error_message="A child network has a parent and a project; other networks have no parent.",
            ),
            models.CheckConstraint(
                name="network_external_has_vrf",
                condition=~_type_in(NetworkType.EXTERNAL) | Q(vrf__isnull=False),
                violation_error_message="An external network names its VRF.",
            ),
            models.CheckConstraint(
                name="network_underlay_has_partition_only",
                condition=~_type_in(NetworkType.UNDERLAY)
                | Q(partition__isnull=False, project__isnull=True, vrf__isnull=True, nat_type="none"),
                violation_error_message="An underlay network has a partition, and no project, VRF or NAT.",
            ),
            models.CheckConstraint(
                name="network_child_lengths_on_super_only",
                condition=_SUPER
                | Q(
                    default_child_length_ipv4__isnull=True,
                    default_child_length_ipv6__isnull=True,
                    min_child_length_ipv4__isnull=True,
                    min_child_length_ipv6__isnull=True,
                ),
                violation_error_message="Only super networks have child prefix lengths.",
            ),
            models.UniqueConstraint(
                name="network_one_super_per_partition",
                fields=["partition"],
                condition=_SUPER,
                violation_error_message="The partition already has a super network.",
                violation_error_code="one_super_per_partition",
            ),
            models.UniqueConstraint(
                name="network_one_underlay_per_partition",
                fields=["partition"],
                condition=_type_in(NetworkType.UNDERLAY),
                violation_error_message="The partition already has an underlay network.",
                violation_error_code="one_super_per_partition",
            ),
            models.UniqueConstraint(
                name="network_one_shared_child_per_project",
                fields=["project"],
                condition=_type_in(NetworkType.CHILD_SHARED),
                violation_error_message="The project already has a shared child network.",
                violation_error_code="one_shared_child_per_project",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.id

    @property
    def is_super(self) -> bool:
        """Whether it hands out child prefixes and no addresses."""
        return self.type in SUPER_TYPES

    @property
    def is_child(self) -> bool:
        """Whether it was carved out of a super network."""
        return self.type in CHILD_TYPES

    @property
    def is_shared_child(self) -> bool:
        return self.type == NetworkType.CHILD_SHARED

    @property
    def is_external(self) -> bool:
        return self.type == NetworkType.EXTERNAL

    @property
    def is_underlay(self) -> bool:
        return self.type == NetworkType.UNDERLAY

    @property
    def is_namespaced(self) -> bool:
        """Whether its space starts again from the first block for each project."""
        return self.type == NetworkType.SUPER_NAMESPACED

    @property
    def allowed_families(self) -> tuple[Family, ...]:
        """The families that its stack allows, IPv4 first."""
        return Stack(self.stack).families

    @property
    def default_child_prefix_length(self) -> dict[Family, int]:
        """The prefix lengths that it hands to children; a missing family means none."""
        return _per_family(self, "default_child_length_")

    @property
    def min_child_prefix_length(self) -> dict[Family, int]:
        """The shortest prefix lengths that a child may ask for; a missing family means no limit."""
        return _per_family(self, "min_child_length_")


def _per_family(network: Network, stem: str) -> dict[Family, int]:
    values: dict[Family, Any] = {family: getattr(network, f"{stem}{family.key}") for family in Family}
    return {family: value for family, value in values.items() if value is not None}
