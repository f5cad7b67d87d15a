"""What an operator should look at in clusters; two statements for all of them, three more where some have documents."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from ipam.addressing import Family, block, shorten
from ipam.domain.clusters import documented, rules
from ipam.domain.clusters.plan import firewall_addresses, node_blocks, room, usable
from ipam.domain.core import access
from ipam.domain.insight.findings import FULL, SERIOUS, WARN, WARNING
from ipam.domain.insight.loose_ends import MAX_OF_A_KIND, at_most_per_project
from ipam.models import Cluster, ClusterRange, Finding, IPAddress, Machine, MachineNetwork, Prefix
from ipam.values import parse_cidr

_NO_VRF = 0  # a VNI that no network has


def of_clusters(*, limit: int | None = MAX_OF_A_KIND) -> Iterator[Finding]:
    """Findings of the first so many reserved clusters by name, of all if None."""
    pods = access.visible(ClusterRange.objects.reserved()).filter(purpose=ClusterRange.Purpose.PODS)
    known = pods.select_related("cluster__network", "reserved_in")
    rows = _counted(known).order_by("cluster__name", "cluster", "family")
    found = list(rows[: limit and 2 * limit])
    yield from networks_beside_clusters(limit)
    yield from differing_from_documents({row.cluster_id for row in found if row.cluster.document})
    for _, of_one in groupby(found, key=lambda row: row.cluster_id):
        families = list(of_one)
        yield from nodes_nearly_full(families)
        for row in families:
            yield from pods_not_announced(row)
            yield from nodes_without(row)


def networks_beside_clusters(limit: int | None = MAX_OF_A_KIND) -> Iterator[Finding]:
    """A network has space that a cluster in another VRF has reserved: nothing breaks unless the two are joined."""
    ends = Q(first__lte=OuterRef("last"), last__gte=OuterRef("first"))
    reserved = ClusterRange.objects.reserved().filter(ends).exclude(reserved_in=OuterRef("network"))
    vrf = Coalesce(OuterRef("network__vrf"), _NO_VRF)  # NULL would be unlike no other
    touching = access.visible(Prefix.objects.all()).roots().filter(Exists(reserved.exclude(reserved_vrf=vrf)))
    of_one: Any = {"partition_by": ["network", "family"]}
    ranked = touching.annotate(
        place=Window(RowNumber(), order_by="first", **of_one), together=Window(Count("pk"), **of_one)
    )
    firsts: Iterable[Any] = ranked.filter(place=1).select_related("network").order_by("network", "family")
    for prefix in at_most_per_project(firsts, attrgetter("network.project_id"))[:limit]:
        more = f" and {prefix.together - 1:,} more" if prefix.together > 1 else ""
        yield Finding(
            code="same_range_other_vrf",
            severity=WARNING,
            kind="network",
            object_id=prefix.network_id,
            object_name=prefix.network.name,
            family=prefix.family,
            network_id=prefix.network_id,
            project_id=prefix.network.project_id,
            sentence=f"{prefix}{more} of {prefix.network} overlap{'' if more else 's'} a range that a cluster in "
            "another VRF has reserved. They never meet unless somebody joins the two VRFs.",
        )


def differing_from_documents(clusters: Collection[UUID]) -> Iterator[Finding]:
    """The document of a running cluster says otherwise than its plan. Nothing is asked where no cluster has one."""
    for cluster in Cluster.objects.with_plan().filter(pk__one_of=clusters).order_by("name", "pk") if clusters else ():
        if differing := list(documented.differences(cluster)):
            yield Finding(
                code="differs_from_document",
                severity=WARNING,
                kind="cluster",
                object_id=str(cluster.pk),
                object_name=cluster.name,
                network_id=cluster.network_id,
                project_id=cluster.project_id,
                sentence=shorten(f"The document that was read says otherwise: {'; '.join(differing)}.", 499),
            )


def pods_not_announced(row: Any) -> Iterator[Finding]:
    """The leaf switches drop the routes to the pods of a reserved cluster."""
    announcable = [parse_cidr(text) for text in row.reserved_in.additional_announcable_cidrs]
    if row.cluster.native_routing and not rules.is_announced(row.cidr, announcable):
        yield _finding(
            row,
            "pods_not_announcable",
            SERIOUS,
            f"The leaf switches drop the routes to {row.address_family.label} pods {row}. Add them to the announcable "
            f"CIDRs of {row.reserved_in}.",
        )


def nodes_without(row: Any) -> Iterator[Finding]:
    """A node of a cluster has no address of one of its families."""
    lacking = row.machines - row.ready
    if lacking > 0:
        nodes = "node has" if lacking == 1 else "nodes have"
        yield _finding(
            row,
            "one_family_nodes",
            WARNING,
            f"{lacking:,} {nodes} no {row.address_family.label} address in {row.cluster.network}, which the cluster "
            "speaks. Complete what is missing there.",
        )


def nodes_nearly_full(rows: Sequence[Any]) -> Iterator[Finding]:
    """There are nodes for 80 % (warning) or 95 % (serious) of what the family that binds has room for."""
    left, row = min(((_room(row), row) for row in rows), key=lambda pair: pair[0])
    if row.machines >= WARN * left:
        yield _finding(
            row,
            "nodes_nearly_full",
            SERIOUS if row.machines >= FULL * left else WARNING,
            f"{row.machines:,} of {left:,} nodes are there; {row.address_family.label} runs out first. Plan a further "
            "cluster, or a larger one.",
        )


def _room(row: Any) -> int:
    """How many nodes one family of a cluster has room for."""
    cluster, nodes = row.cluster, usable(block(row.address_family, 0, row.nodes_length))
    blocks = node_blocks(cluster.ipam, cluster.node_mask[row.address_family], row.length)
    return max(room(nodes - firewall_addresses(cluster.platform, row.firewalls), blocks, cluster.surge), 1)


def _counted(pods: QuerySet[ClusterRange]) -> QuerySet[ClusterRange]:
    """With the machines of the node network, those that have the family, its firewalls, and its prefix length."""
    network, family = OuterRef("cluster__network"), OuterRef("family")
    joined = MachineNetwork.objects.filter(network=network).order_by().values("network")
    own = IPAddress.objects.filter(network=network, family=family, shared="")
    held = own.filter(machine__role=Machine.Role.MACHINE)
    return pods.annotate(
        machines=_number(joined.filter(machine__role=Machine.Role.MACHINE).annotate(number=Count("*"))),
        firewalls=_number(joined.filter(machine__role=Machine.Role.FIREWALL).annotate(number=Count("*"))),
        ready=_number(held.order_by().values("network").annotate(number=Count("machine", distinct=True))),
        nodes_length=Subquery(Prefix.objects.filter(network=network, family=family).values("length")[:1]),
    )


def _number(counted: Any) -> Any:
    return Coalesce(Subquery(counted.values("number")), 0)


def _finding(row: Any, code: str, severity: int, sentence: str) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        kind="cluster",
        object_id=str(row.cluster_id),
        object_name=row.cluster.name,
        family=int(Family(row.family)),
        network_id=row.cluster.network_id,
        project_id=row.cluster.project_id,
        sentence=sentence,
    )
