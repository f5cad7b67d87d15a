"""What can be edited as a table: the columns of each kind of object, and the operations behind its rows."""

from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.files import cells
from ipam.domain.files.columns import (
    ID,
    LABELS,
    PROJECT,
    Column,
    Kind,
    Values,
    by_key,
    column,
    filled,
    reference,
    texts,
)
from ipam.domain.files.known import Known
from ipam.domain.networks import children, machines, network_fields, networks, partitions, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import VRF, Cluster, IPAddress, Machine, Network, Partition, Prefix, Project
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType, Stack


# --- Partitions, projects, VRFs -------------------------------------------------------------------
def _create_partition(values: Values, known: Known) -> Partition:
    return partitions.create(**{"id": "", **filled(values)})


def _create_vrf(values: Values, known: Known) -> VRF:
    if values.get("id") is None:
        raise errors.Required("The column “id”, the VNI, is needed.", field="id")
    return vrfs.create(**filled(values))


PARTITIONS = Kind(
    "partitions", "partition", (ID, *texts(Partition), LABELS),
    by_key(Partition), _create_partition,
    lambda row, changes: partitions.update(row, **changes), Partition.objects.all,
)  # fmt: skip
PROJECTS = Kind(
    "projects", "project",
    (column("id", cells.uuid), *texts(Project), LABELS),
    by_key(Project), lambda values, known: projects.create(**filled(values)),
    lambda row, changes: projects.update(row, **changes), Project.objects.all,
)  # fmt: skip
VRFS = Kind(
    "vrfs", "vrf", (column("id", cells.number), *texts(VRF), LABELS),
    by_key(VRF), _create_vrf, lambda row, changes: vrfs.update(row, **changes), VRF.objects.all,
)  # fmt: skip


# --- Networks and prefixes ------------------------------------------------------------------------
def _create_network(values: Values, known: Known) -> Network:
    """A child with prefixes comes from elsewhere; one without is carved."""
    given = filled({name: value for name, value in values.items() if name != "namespace"})
    references: dict[str, Any] = {"project": Project, "partition": Partition, "parent": Network}
    is_adopted = given.get("type") in CHILD_TYPES and bool(given.get("id") or given.get("prefixes"))
    if given.get("type") and not is_adopted:
        errors.raise_all(network_fields.violations_of_given(given["type"], given))
    found = known.get_all({name: (model, given[name]) for name, model in references.items() if name in given})
    if is_adopted and found.get("parent"):
        found["partition"] = None  # it is the parent's; another one is refused afterwards
    new = NewNetwork(**{"type": "", **given, **found})
    return children.import_child(new) if is_adopted else networks.create(new)


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
        _cidrs("destination_prefixes"),
        _lengths("default_child_prefix_length"), _lengths("min_child_prefix_length"),
        _cidrs("additional_announcable_cidrs"), LABELS,
    ),
    by_key(Network), _create_network, lambda row, changes: networks.update(row, **changes),
    lambda: Network.objects.prefetch_related("prefixes"),
    # Parents first, and whoever names a VRF before those that draw one.
    turn=lambda values: 1 + (values.get("vrf") is None) if values.get("parent") else 0,
)  # fmt: skip


def _find_prefix(values: Values) -> Prefix | None:
    cidr = values.get("prefix")
    if cidr is None:
        raise errors.Required("The column “prefix” is needed.", field="prefix")
    first, last = Address(cidr.ip.value, cidr.version), Address(cidr.last, cidr.version)
    found = Prefix.objects.select_related("parent").filter(network=values.get("network") or "", first=first, last=last)
    return found.first()


def _create_prefix(values: Values, known: Known) -> Prefix | None:
    networks.add_prefix(known.get(Network, values.get("network"), field="network"), values["prefix"])
    return _find_prefix(values)


PREFIXES = Kind(
    "prefixes", "prefix",
    (
        reference("network"), column("prefix", cells.cidr, of="cidr"),
        Column("parent", cells.text(50), of=lambda row: str(row.parent.cidr) if row.parent else ""),
        column("namespace", cells.uuid, of="namespace_id"),
    ),
    _find_prefix, _create_prefix, lambda row, changes: row, lambda: Prefix.objects.select_related("parent"),
    ("network", "family", "pk"),
)  # fmt: skip


# --- Clusters -------------------------------------------------------------------------------------
def _create_cluster(values: Values, known: Known) -> Cluster:
    """A draft or a reserved cluster; one that was released is no plan any more."""
    if values.get("state") == Cluster.State.RELEASED:
        raise errors.WrongState(
            "A cluster that was released is not made again. Leave its row out; a backup document has it.", field="state"
        )
    given = _in_words_of_plans(filled(values))
    key, state = given.pop("id", None), given.pop("state", Cluster.State.DRAFT)
    given["project"] = known.get(Project, given.get("project"), field="project")
    given["network"] = known.get(Network, given.get("network"), field="network")
    new = NewCluster(**{"name": "", **given})
    return lifecycle.create(new, id=key, reserve=state == Cluster.State.RESERVED)


def _in_words_of_plans(values: Values) -> dict[str, Any]:
    order = values.get("families")
    return {**values, "families": FamilyOrder(order).families} if order else dict(values)


CLUSTERS = Kind(
    "clusters", "cluster",
    (
        column("id", cells.uuid), *texts(Cluster), PROJECT, reference("network"),
        column("state", cells.choice(*Cluster.State.values)),
        column("platform", cells.choice(*Platform.values), may_change=True),
        column("kubernetes_version", cells.text(8), may_change=True),
        column("families", cells.choice(*FamilyOrder.values), may_change=True),
        column("pods", cells.ranges, may_change=True), column("services", cells.ranges, may_change=True),
        _lengths("node_mask"), column("max_pods", cells.number, may_change=True),
        column("wanted_nodes", cells.number, may_change=True),
        column("native_routing", cells.flag, may_change=True), LABELS,
    ),
    by_key(Cluster), _create_cluster, lambda row, changes: lifecycle.update(row, **_in_words_of_plans(changes)),
    Cluster.objects.with_plan, ("name", "pk"),
)  # fmt: skip


# --- Machines and addresses -----------------------------------------------------------------------
def _create_machine(values: Values, known: Known) -> Machine:
    """With its networks and ASN; its addresses are rows of their own."""
    given = filled(values)
    joined = [known.get(Network, key, field="networks") for key in given.pop("networks", [])]
    given["project"] = known.get(Project, given.get("project"), field="project")
    given["partition"] = known.get(Partition, given.get("partition"), field="partition")
    return machines.allocate(**given, networks=[Attachment(network=one) for one in joined], with_addresses=False)


def _named_networks(row: Machine) -> list[str]:
    """Without the underlay, which a firewall joins by itself."""
    return [one.network_id for one in row.attachments.all() if not one.network.is_underlay]


MACHINES = Kind(
    "machines", "machine",
    (
        ID, *texts(Machine), PROJECT, reference("partition"),
        column("role", cells.choice(*Machine.Role.values)), column("asn", cells.number),
        Column("networks", cells.words, of=_named_networks, as_given=True),
        LABELS,
    ),
    by_key(Machine), _create_machine, lambda row, changes: machines.update(row, **changes),
    lambda: Machine.objects.prefetch_related("attachments__network"),
)  # fmt: skip


def _one_by_one(*arguments: Any) -> Any:
    raise NotImplementedError("addresses come in batches: ipam.domain.files.address_import")


ADDRESSES = Kind(
    "addresses", "address",
    (
        column("id", cells.uuid), column("ip", cells.address, of="address"),
        Column("address_family", cells.text(4), of=lambda row: row.address_family.key),
        reference("network"), Column("prefix", cells.text(50), of=lambda row: str(row.prefix.cidr)),
        PROJECT, column("namespace", cells.uuid, of="namespace_id"), reference("machine"),
        column("allocation", cells.uuid),
        column("type", cells.choice(*IPAddress.Type.values), may_change=True),
        *texts(IPAddress), LABELS,
    ),
    _one_by_one, _one_by_one, _one_by_one, lambda: IPAddress.objects.select_related("prefix"), ("address", "pk"),
)  # fmt: skip

# What others refer to comes first.
KINDS = {kind.name: kind for kind in (PARTITIONS, PROJECTS, VRFS, NETWORKS, PREFIXES, CLUSTERS, MACHINES, ADDRESSES)}
