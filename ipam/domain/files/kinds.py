"""What can be edited as a table: the columns of each kind of object, and the operations behind its rows."""

from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.files import cells, making
from ipam.domain.files.cluster_kind import CLUSTERS
from ipam.domain.files.columns import (
    ID,
    LABELS,
    MANAGED_BY,
    OF_SUPERS,
    PROJECT,
    QUARANTINE,
    Column,
    Kind,
    Values,
    by_key,
    column,
    filled,
    in_batches,
    reference,
    texts,
)
from ipam.domain.files.history_kind import HISTORY
from ipam.domain.files.known import Known
from ipam.domain.files.range_kind import RANGES
from ipam.domain.networks import machines, networks, partitions, prefixes, projects, quota_limits, vrfs
from ipam.models import VRF, IPAddress, Machine, Network, Partition, Prefix, Project, Quota
from ipam.models.networks import NatType, NetworkType, Stack


# --- Partitions, projects, VRFs -------------------------------------------------------------------
def _create_partition(values: Values, known: Known) -> Partition:
    return partitions.create(**{"id": "", **filled(values)})


def _create_vrf(values: Values, known: Known) -> VRF:
    if values.get("id") is None:
        raise errors.Required("The column “id”, the VNI, is needed.", field="id")
    return vrfs.create(**filled(values))


PARTITIONS = Kind(
    "partitions", "partition", (ID, *texts(Partition), LABELS, MANAGED_BY),
    by_key(Partition), _create_partition,
    lambda row, changes: partitions.update(row, **changes), Partition.objects.all,
)  # fmt: skip
PROJECTS = Kind(
    "projects", "project",
    (column("id", cells.uuid), *texts(Project), LABELS, MANAGED_BY),
    by_key(Project), lambda values, known: projects.create(**filled(values)),
    lambda row, changes: projects.update(row, **changes), Project.objects.all, together=making.projects_together,
)  # fmt: skip
VRFS = Kind(
    "vrfs", "vrf", (column("id", cells.number), *texts(VRF), LABELS),
    by_key(VRF), _create_vrf, lambda row, changes: vrfs.update(row, **changes), VRF.objects.all,
)  # fmt: skip


# --- Networks and prefixes ------------------------------------------------------------------------
def _cidrs(name: str) -> Column:
    return column(name, cells.cidrs, may_change=True)


def _lengths(name: str) -> Column:
    return column(name, cells.lengths, may_change=True)


NETWORKS = Kind(
    "networks", "network",
    (
        ID, *texts(Network),
        column("type", cells.choice(*NetworkType.values)),
        column("stack", cells.choice(*Stack.values), may_change=True),
        reference("partition"), PROJECT, column("namespace", cells.uuid, of="namespace_id"),
        reference("parent"), column("vrf", cells.number, of="vrf_id"), column("vrf_shared", cells.flag),
        column("nat_type", cells.choice(*NatType.values), may_change=True),
        Column(
            "prefixes", cells.prefixes, may_change=True, as_given=True,
            of=lambda row: [one.cidr for one in sorted(row.prefixes.all(), key=lambda one: (one.family, one.pk))],
        ),
        _cidrs("destination_prefixes"), _lengths("default_child_prefix_length"), _lengths("min_child_prefix_length"),
        _cidrs("additional_announcable_cidrs"),
        *OF_SUPERS, *QUARANTINE, LABELS, MANAGED_BY,
    ),
    by_key(Network), making.create_network,
    lambda row, changes: networks.update(row, **changes), lambda: Network.objects.prefetch_related("prefixes"),
    # Parents first, and whoever names a VRF before those that draw one.
    turn=lambda values: 1 + (values.get("vrf") is None) if values.get("parent") else 0,
    together=making.children_together,
)  # fmt: skip


def _find_prefix(values: Values) -> Prefix | None:
    cidr = values.get("prefix")
    if cidr is None:
        raise errors.Required("The column “prefix” is needed.", field="prefix")
    first, last = Address(cidr.ip.value, cidr.version), Address(cidr.last, cidr.version)
    found = Prefix.objects.select_related("parent").filter(network=values.get("network") or "", first=first, last=last)
    return found.first()


def _create_prefix(values: Values, known: Known) -> Prefix | None:
    network = known.get(Network, values.get("network"), field="network")
    fields = {"reserve_ends": False} if values.get("reserve_ends") is False else {}
    networks.add_prefix(network, values["prefix"], gateway=values.get("gateway"), **fields)
    return _find_prefix(values)


PREFIXES = Kind(
    "prefixes", "prefix",
    (
        reference("network"), column("prefix", cells.cidr, of="cidr"),
        Column("parent", cells.text(50), of=lambda row: str(row.parent.cidr) if row.parent else ""),
        column("namespace", cells.uuid, of="namespace_id"), column("gateway", cells.address_if_any, may_change=True),
        column("reserve_ends", cells.flag_or_true, may_change=True),
    ),
    _find_prefix, _create_prefix, lambda row, changes: prefixes.update(row, **changes),
    lambda: Prefix.objects.select_related("parent"),
    ("network", "family", "pk"),
)  # fmt: skip


# --- Quotas ---------------------------------------------------------------------------------------
def _about(values: Values) -> dict[str, Any]:
    """What a row says that its quota is of."""
    family = values.get("address_family")
    about = {name: values.get(name) for name in ("project", "network", "resource")}
    return {**about, "family": family and int(Family.from_key(family))}


def _find_quota(values: Values) -> Quota | None:
    return by_key(Quota)(values) or Quota.objects.filter(**_about(values)).first()


def _create_quota(values: Values, known: Known) -> Quota:
    for name in ("address_family", "resource", "limit"):
        if values.get(name) is None:
            raise errors.Required(f"The column “{name}” is needed.", field=name)
    return quota_limits.create(
        id=values.get("id"),
        project=known.get(Project, values.get("project"), field="project"),
        network=known.get(Network, values["network"], field="network") if values.get("network") else None,
        address_family=Family.from_key(values["address_family"]),
        resource=values["resource"],
        limit=values["limit"],
    )


QUOTAS = Kind(
    "quotas", "quota",
    (
        column("id", cells.uuid), PROJECT, reference("network"),
        Column("address_family", cells.choice(*(one.key for one in Family)), of=lambda row: row.address_family.key),
        column("resource", cells.choice(*Quota.Resource.values)),
        column("limit", cells.count, may_change=True),
    ),
    _find_quota, _create_quota, lambda row, changes: quota_limits.update(row, **changes), Quota.objects.all,
)  # fmt: skip


# --- Machines and addresses -----------------------------------------------------------------------
def _named_networks(row: Machine) -> list[str]:
    """Without the underlay, which a firewall joins by itself."""
    return [one.network_id for one in row.attachments.all() if not one.network.is_underlay]


MACHINES = Kind(
    "machines", "machine",
    (
        ID, *texts(Machine), PROJECT, reference("partition"),
        column("role", cells.choice(*Machine.Role.values)), column("asn", cells.number),
        Column("networks", cells.words, of=_named_networks, as_given=True),
        LABELS, MANAGED_BY,
    ),
    by_key(Machine), making.create_machine, lambda row, changes: machines.update(row, **changes),
    lambda: Machine.objects.prefetch_related("attachments__network"), together=making.machines_together,
)  # fmt: skip


ADDRESSES = Kind(
    "addresses", "address",
    (
        column("id", cells.uuid), column("ip", cells.address, of="address"),
        Column("address_family", cells.text(4), of=lambda row: row.address_family.key),
        reference("network"), Column("prefix", cells.text(50), of=lambda row: str(row.prefix.cidr)),
        PROJECT, column("namespace", cells.uuid, of="namespace_id"), reference("machine"),
        column("allocation", cells.uuid),
        column("type", cells.choice(*IPAddress.Type.values), may_change=True),
        column("shared", cells.choice(*IPAddress.Shared.values)),
        Column("machines", cells.words, of=lambda row: row.machine_ids if row.shared else []),
        *texts(IPAddress), LABELS, column("tags", cells.tags, may_change=True), MANAGED_BY,
    ),
    in_batches, in_batches, in_batches,
    lambda: IPAddress.objects.select_related("prefix").prefetch_related("holders"), ("address", "pk"),
)  # fmt: skip


# What others refer to comes first; quotas last, as who sets one keeps others from allocating until all is in.
KINDS = {
    kind.name: kind
    for kind in (PARTITIONS, PROJECTS, VRFS, NETWORKS, PREFIXES, CLUSTERS, MACHINES, ADDRESSES, RANGES, HISTORY, QUOTAS)
}
