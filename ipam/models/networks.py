from collections.abc import Collection
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.models.base import OftenEmptyField, RecordQuerySet, SlugIdField
from ipam.models.indexes import by, texts
from ipam.models.managed import Managed
from ipam.models.partitions import Partition
from ipam.models.projects import Project
from ipam.models.quarantines import Quarantined
from ipam.models.super_networks import SaidOfChildren
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
        named = Q(pk__among=self.model.objects.with_text(text).order_by().values("pk"))
        return self.filter(named | Q(pk__among=overlapping.order_by().values("network")))

    def having(self, prefixes: models.QuerySet[Any]) -> Self:
        """Networks with one of these prefixes."""
        return self.filter(Exists(prefixes.filter(network=OuterRef("pk"))))

    def supers(self) -> Self:
        """Networks that exist only to carve children from."""
        return self.filter(type__in=SUPER_TYPES)

    def counting_children(self, among: "NetworkQuerySet") -> Self:
        """With `child_count`, None without children: counted for the rows of a page, not for all that match."""
        children = among.filter(parent=OuterRef("pk")).order_by().values("parent")
        return self.annotate(child_count=Subquery(children.annotate(number=Count("*")).values("number")))

    def usable_by(self, project: Project) -> Self:
        """Networks that the project may take addresses from (rule 21)."""
        own = Q(project=project)
        public = Q(project=None, type=NetworkType.EXTERNAL)
        shared = Q(type=NetworkType.CHILD_SHARED)
        return self.exclude(type__in=SUPER_TYPES).filter(own | public | shared)

    def declaring_vrf(self, vnis: Collection[int]) -> Self:
        """Networks that name one of these VRFs themselves, without those that inherit it from their parent."""
        return self.filter(vrf__in=vnis).exclude(parent__vrf=F("vrf"))


def _type_in(*types: NetworkType) -> Q:
    return Q(type__in=[str(type_) for type_ in types])


_SUPER, _CHILD = _type_in(*SUPER_TYPES), _type_in(*CHILD_TYPES)


class Network(SaidOfChildren, Quarantined, Managed):
    """A named set of prefixes of one or both families, in one VRF, of one type."""

    id = SlugIdField()
    type = models.CharField(max_length=16, choices=NetworkType, editable=False)
    stack = models.CharField(max_length=4, choices=Stack, default=Stack.DUAL)
    partition = models.ForeignKey(
        Partition, models.PROTECT, null=True, blank=True, related_name="networks", db_index=False
    )
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="networks", db_index=False)
    namespace = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The project whose own copy of a super-namespaced space this network was carved from.",
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="children", db_index=False
    )
    vrf = models.ForeignKey(VRF, models.PROTECT, null=True, blank=True, related_name="networks", db_index=False)
    vrf_shared = models.BooleanField(default=False)
    nat_type = models.CharField(max_length=15, choices=NatType, default=NatType.NONE)
    destination_prefixes = OftenEmptyField(default=list, blank=True)
    additional_announcable_cidrs = OftenEmptyField(default=list, blank=True)

    objects = NetworkQuerySet.as_manager()
    known_prefixes: tuple[Any, ...] | list[Any] = ()  # in order, as the operation that gave it has left them

    class Meta:
        ordering = ["id"]
        indexes = [
            *by("network", "id", columns=("type", "stack", "nat_type")),  # GET networks/?type=…, overview
            *by("network", "id", optional=("parent", "partition", "project", "namespace", "vrf")),
            *texts("network", "id", columns=(*Managed.texts, "managed_by")),
            models.Index("type", "id", name="network_roots_by_type", condition=Q(parent__isnull=True)),  # the tree
            models.Index(Natural("name"), "id", name="network_roots_in_order", condition=Q(parent__isnull=True)),
            models.Index("parent", Natural("name"), "id", name="network_children"),  # the page of a super network
            models.Index(Natural("name"), "id", name="network_in_order"),  # GET networks/?ordering=name
            models.Index(fields=["created_at", "id"], name="network_by_age"),  # GET networks/?ordering=created_at
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
            models.CheckConstraint(
                name="network_child_choice_on_super_only",
                condition=Q(child_choice="best-fit") | (_SUPER & Q(child_choice__in=["sparse", "first-fit"])),
                violation_error_message="A super network chooses by best-fit, sparse or first-fit; others never do.",
            ),
            models.CheckConstraint(
                name="network_cluster_ranges_strict_on_super_only",
                condition=Q(cluster_ranges="per-vrf") | (_SUPER & Q(cluster_ranges="strict")),
                violation_error_message="Only super networks keep ranges of clusters apart: per-vrf or strict.",
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
