"""What can be edited as a table: the columns of each kind of object, and the operations behind its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.db.models import QuerySet
from netaddr import IPAddress as Address

from ipam import errors
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.files import cells
from ipam.domain.files.cells import Read
from ipam.domain.files.known import Known
from ipam.domain.networks import children, machines, network_fields, networks, partitions, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import VRF, Cluster, IPAddress, Machine, Network, Partition, Prefix, Project
from ipam.models.base import SLUG_LENGTH, Described
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType, Stack

M = TypeVar("M", bound=models.Model)
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column: how a cell is read, what an object has there, and whether it may change once the object exists.

    What is `as_given` a new object has just as the row says, or it is refused; the rest may follow from other columns.
    """

    name: str
    read: Read
    of: Callable[[Any], Any]
    may_change: bool = False
    as_given: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of object that has a table.

    `find` gives the object that a row is about, if there is one already. `rows` reads all of them for an export, with
    whatever their columns need, in the order of `order`. `turn` says which rows come first: 0, before those of 1 or 2.
    """

    name: str
    one: str
    columns: tuple[Column, ...]
    find: Callable[[Values], Any]
    create: Callable[[Values, Known], Any]
    update: Callable[[Any, Values], Any]
    rows: Callable[[], QuerySet[Any]]
    order: tuple[str, ...] = ("pk",)
    turn: Callable[[Values], int] = lambda values: 0

    @property
    def names(self) -> list[str]:
        """The names of its columns, in order."""
        return [column.name for column in self.columns]

    @property
    def has_text_ids(self) -> bool:
        """Whether rows are about the object with their id, which is text."""
        return isinstance(self.rows().model._meta.pk, models.CharField)


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _column(name: str, read: Read, *, of: str = "", may_change: bool = False) -> Column:
    return Column(name, read, _attribute(of or name), may_change)


_slug = cells.text(SLUG_LENGTH)
_labels = _column("labels", cells.labels, may_change=True)
_id = _column("id", _slug)
_project = _column("project", cells.uuid, of="project_id")


def _texts(model: type[Described]) -> tuple[Column, ...]:
    """The columns of plain text, each as long as it may be."""
    lengths = {name: model._meta.get_field(name).max_length for name in model.texts}  # type: ignore[union-attr]
    return tuple(_column(name, cells.text(length or 0), may_change=True) for name, length in lengths.items())


def _reference(name: str) -> Column:
    """The id of another object, empty for none."""
    return Column(name, cells.key, _attribute(f"{name}_id"))


def _by_key(model: type[M]) -> Callable[[Values], M | None]:
    return lambda values: model._default_manager.filter(pk=values.get("id") or None).first()


def _given(values: Values) -> dict[str, Any]:
    """What a row says about a new object; an empty cell says nothing."""
    return {name: value for name, value in values.items() if value not in ("", None)}


# --- Partitions, projects, VRFs -------------------------------------------------------------------
def _create_partition(values: Values, known: Known) -> Partition:
    return partitions.create(**{"id": "", **_given(values)})


def _create_vrf(values: Values, known: Known) -> VRF:
    if values.get("id") is None:
        raise errors.Required("The column “id”, the VNI, is needed.", field="id")
    return vrfs.create(**_given(values))


PARTITIONS = Kind(
    "partitions", "partition", (_id, *_texts(Partition), _labels),
    _by_key(Partition), _create_partition,
    lambda row, changes: partitions.update(row, **changes), Partition.objects.all,
)  # fmt: skip
PROJECTS = Kind(
    "projects", "project",
    (_column("id", cells.uuid), *_texts(Project), _labels),
    _by_key(Project), lambda values, known: projects.create(**_given(values)),
    lambda row, changes: projects.update(row, **changes), Project.objects.all,
)  # fmt: skip
VRFS = Kind(
    "vrfs", "vrf", (_column("id", cells.number), *_texts(VRF), _labels),
    _by_key(VRF), _create_vrf, lambda row, changes: vrfs.update(row, **changes), VRF.objects.all,
)  # fmt: skip


# --- Networks and prefixes ------------------------------------------------------------------------
def _create_network(values: Values, known: Known) -> Network:
    """A child with prefixes comes from elsewhere; one without is carved."""
    given = _given({name: value for name, value in values.items() if name != "namespace"})
    references: dict[str, Any] = {"project": Project, "partition": Partition, "parent": Network}
    is_adopted = given.get("type") in CHILD_TYPES and bool(given.get("id") or given.get("prefixes"))
    if given.get("type") and not is_adopted:
        errors.raise_all(network_fields.judge_given(given["type"], given))
    found = known.get_all({name: (model, given[name]) for name, model in references.items() if name in given})
    if is_adopted and found.get("parent"):
        found["partition"] = None  # it is the parent's; another one is refused afterwards
    new = NewNetwork(**{"type": "", **given, **found})
    return children.adopt(new) if is_adopted else networks.create(new)


def _cidrs(name: str) -> Column:
    return _column(name, cells.cidrs, may_change=True)


def _lengths(name: str) -> Column:
    return _column(name, cells.lengths, may_change=True)


NETWORKS = Kind(
    "networks", "network",
    (
        _id, *_texts(Network),
        _column("type", cells.choice(*NetworkType.values)),
        _column("stack", cells.choice(*Stack.values), may_change=True),
        _reference("partition"), _project, _column("namespace", cells.uuid, of="namespace_id"),
        _reference("parent"), _column("vrf", cells.number, of="vrf_id"), _column("vrf_shared", cells.flag),
        _column("nat_type", cells.choice(*NatType.values), may_change=True),
        Column(
            "prefixes", cells.prefixes, may_change=True, as_given=True,
            of=lambda row: [one.cidr for one in sorted(row.prefixes.all(), key=lambda one: (one.family, one.pk))],
        ),
        _cidrs("destination_prefixes"),
        _lengths("default_child_prefix_length"), _lengths("min_child_prefix_length"),
        _cidrs("additional_announcable_cidrs"), _labels,
    ),
    _by_key(Network), _create_network, lambda row, changes: networks.update(row, **changes),
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
        _reference("network"), _column("prefix", cells.cidr, of="cidr"),
        Column("parent", cells.text(50), of=lambda row: str(row.parent.cidr) if row.parent else ""),
        _column("namespace", cells.uuid, of="namespace_id"),
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
    given = _in_words_of_plans(_given(values))
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
        _column("id", cells.uuid), *_texts(Cluster), _project, _reference("network"),
        _column("state", cells.choice(*Cluster.State.values)),
        _column("platform", cells.choice(*Platform.values), may_change=True),
        _column("kubernetes_version", cells.text(8), may_change=True),
        _column("families", cells.choice(*FamilyOrder.values), may_change=True),
        _column("pods", cells.ranges, may_change=True), _column("services", cells.ranges, may_change=True),
        _lengths("node_mask"), _column("max_pods", cells.number, may_change=True),
        _column("wanted_nodes", cells.number, may_change=True),
        _column("native_routing", cells.flag, may_change=True), _labels,
    ),
    _by_key(Cluster), _create_cluster, lambda row, changes: lifecycle.update(row, **_in_words_of_plans(changes)),
    Cluster.objects.with_plan, ("name", "pk"),
)  # fmt: skip


# --- Machines and addresses -----------------------------------------------------------------------
def _create_machine(values: Values, known: Known) -> Machine:
    """With its networks and ASN; its addresses are rows of their own."""
    given = _given(values)
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
        _id, *_texts(Machine), _project, _reference("partition"),
        _column("role", cells.choice(*Machine.Role.values)), _column("asn", cells.number),
        Column("networks", cells.words, of=_named_networks, as_given=True),
        _labels,
    ),
    _by_key(Machine), _create_machine, lambda row, changes: machines.update(row, **changes),
    lambda: Machine.objects.prefetch_related("attachments__network"),
)  # fmt: skip


def _one_by_one(*arguments: Any) -> Any:
    raise NotImplementedError("addresses come in batches: ipam.domain.files.address_import")


ADDRESSES = Kind(
    "addresses", "address",
    (
        _column("id", cells.uuid), _column("ip", cells.address, of="address"),
        Column("address_family", cells.text(4), of=lambda row: row.address_family.key),
        _reference("network"), Column("prefix", cells.text(50), of=lambda row: str(row.prefix.cidr)),
        _project, _column("namespace", cells.uuid, of="namespace_id"), _reference("machine"),
        _column("allocation", cells.uuid),
        _column("type", cells.choice(*IPAddress.Type.values), may_change=True),
        *_texts(IPAddress), _labels,
    ),
    _one_by_one, _one_by_one, _one_by_one, lambda: IPAddress.objects.select_related("prefix"), ("address", "pk"),
)  # fmt: skip

# What others refer to comes first.
KINDS = {kind.name: kind for kind in (PARTITIONS, PROJECTS, VRFS, NETWORKS, PREFIXES, CLUSTERS, MACHINES, ADDRESSES)}
