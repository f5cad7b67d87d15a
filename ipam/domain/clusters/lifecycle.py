"""Cluster plans: draft, reserved, released. What they must keep is in `ipam.domain.clusters.rules`."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Count, Exists, OuterRef

from ipam import errors
from ipam.domain.clusters import belongings, planning, rules, seeds
from ipam.domain.clusters.plan import NewCluster, plan_of
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import address_rules, networks
from ipam.domain.space import reservations
from ipam.models import Cluster, ClusterRange, IPAddress, Network
from ipam.models.events import Verb

_GARDENER = ("gardener_project", "gardener_version", "is_seed", "seed")
_CHANGEABLE = {
    Cluster.State.DRAFT: {
        *("name", "description", "labels", "platform", "kubernetes_version", "families", "pods", "services"),
        *("node_mask", "max_pods", "wanted_nodes", "native_routing", "ipam", "max_surge", *_GARDENER),
    },
    Cluster.State.RESERVED: {
        *("description", "labels", "kubernetes_version", "max_pods", "wanted_nodes", "max_surge", *_GARDENER),
    },
    Cluster.State.RELEASED: {"description", "labels"},
}


@operation
def create(new: NewCluster, *, reserve: bool = False, runs: bool = False, id: UUID | None = None) -> Cluster:
    """Plan a cluster, with its node network if that is to be carved; a draft, or reserved at once.

    Its id is made unless it has one from elsewhere. A plan that breaks a rule is not kept: what is wrong is reported
    together. One that `runs` is kept all the same where the database can, and its warnings say what it breaks.
    """
    access.require(Permission.ALLOCATE, new.project.pk)
    with history.as_one_event(Verb.CREATE) if new.network is None else nullcontext():
        return _create(new, reserve=reserve, runs=runs, id=id)


def _create(new: NewCluster, *, reserve: bool, runs: bool, id: UUID | None) -> Cluster:
    network = new.network or planning.carve_node_network(new)
    address_rules.check_may_use(network, new.project)
    if not network.is_child:
        raise errors.NetworkNotUsable(
            f"{network} is of type {network.type}. The nodes of a cluster are in a private network of its project.",
            field="network",
        )
    wanted = Cluster.State.RESERVED if reserve else Cluster.State.DRAFT
    cluster = Cluster(id=id or uuid4(), project=new.project, network=network, state=wanted)
    cluster.firewalls = planning.count_firewalls(new.network) if new.network else 0
    planning.save_plan(cluster, new, runs=runs)
    history.record(Verb.CREATE, cluster, after=state(cluster))
    return cluster


@operation
def update(cluster: Cluster, **changes: Any) -> Cluster:
    """Change a plan: all of a draft but its owner and node network; little of what is reserved or released.

    `pods`, `services` and `node_mask` are whole new {family: value}; what they leave out is proposed again.
    """
    current = planning.lock(cluster)
    errors.raise_all(
        [
            errors.ClusterFrozen(
                f"{current} is {current.state}: its {name} stays. A running cluster keeps its name, ranges and masks; "
                "plan another one.",
                field=name,
            )
            for name in changes
            if name not in _CHANGEABLE[Cluster.State(current.state)]
        ]
    )
    if current.is_seed and not changes.get("is_seed", True):
        lookups.check_unused(current, "shoots")
    before = state(current)
    if current.state == Cluster.State.RELEASED:
        current.revise(**changes)
    else:
        current = planning.save_plan(current, planning.with_changes(current, changes))
    history.record(Verb.UPDATE, current, before=before, after=state(current))
    return current


@operation
def reserve(cluster: Cluster) -> Cluster:
    """From now on nothing else may overlap the ranges of a draft (rule 38).

    It is judged again, for the world may have changed: WrongState for what is no draft, else whatever its plan breaks.
    """
    current = planning.lock(cluster)
    if not current.is_draft:
        raise errors.WrongState(f"{current} is {current.state}: only a draft is reserved.")
    planning.lock_super(current)
    before = state(current)
    errors.raise_all(planning.validate(current))
    current.revise(state=Cluster.State.RESERVED)
    ClusterRange.objects.filter(cluster=current).update(**reservations.columns(current))
    history.record(Verb.RESERVE, current, before=before, after=state(current))
    return current


@operation
def release(cluster: Cluster) -> Cluster:
    """The cluster is gone: its ranges may be used again, and the addresses that it owns.

    WrongState unless it is reserved, HasMachines while machines are in its node network, InUse as another one's seed.
    """
    current = planning.lock(cluster)
    if not current.is_reserved:
        raise errors.WrongState(f"{current} is {current.state}: only a reserved cluster is released.")
    seeds.check_no_shoots(current)
    count, owns = _look_again(current)
    if count:
        raise errors.HasMachines(
            f"{count:,} machines are in {current.network_id}, and may use the ranges of {current}. Release them first."
        )
    before = state(current)
    held = belongings.give_all_back(current) if owns else []
    current.revise(state=Cluster.State.RELEASED, api_allocation=None, migration_step="")
    ClusterRange.objects.filter(cluster=current).update(**reservations.columns(current))
    history.record(Verb.RELEASE, current, before=before, after=state(current), ended=held)
    return current


@operation
def delete(cluster: Cluster) -> None:
    """Forget a draft, with what it owns, or a released cluster. Its node network stays; InUse as another one's seed."""
    current = lookups.get(Cluster, cluster.pk, lock=True, among=Cluster.objects.prefetch_related("ranges"))
    access.require_change(current)
    if current.is_reserved:
        raise errors.WrongState(f"{current} is reserved. Release it first; then its ranges may be used again.")
    if current.is_seed:
        lookups.check_unused(current, "shoots")
    held = belongings.give_all_back(current) if _look_again(current)[1] else []
    history.record(Verb.DELETE, current, before=state(current), ended=held)
    for rows in (ClusterRange.objects.filter(cluster=current), Cluster.objects.filter(pk=current.pk)):
        rows._raw_delete(rows.db)


def _look_again(locked: Cluster) -> tuple[int, bool]:
    """How many machines are in the node network of a locked cluster, and whether it owns addresses.

    What was read with the lock may be older: whoever takes addresses for a cluster holds it while others wait.
    """
    owned = IPAddress.objects.filter(cluster=OuterRef("pk"))
    looked = Cluster.objects.order_by().annotate(machines=Count("network__attachments"), has_ips=Exists(owned))
    return looked.values_list("machines", "has_ips").get(pk=locked.pk)


def announce(cluster: Cluster) -> Network:
    """Let the leaf switches pass the pods of a cluster: its super network gains them as announcable CIDRs.

    One operation on the super network, which leaves its event; IpamError of `networks.update`.
    """
    plan, parent = plan_of(cluster), cluster.network.parent
    if parent is None:
        raise errors.NoParentNetwork(f"{cluster.network} was carved from no super network that could announce.")
    missing = rules.unannounced(plan)
    return networks.update(parent, additional_announcable_cidrs=[*plan.announcable, *missing])


def state(cluster: Cluster) -> states.State:
    """What history shows of a cluster."""
    ranges = {"pods": cluster.pods, "services": cluster.services}
    shown = {name: {family: str(cidr) for family, cidr in held.items()} for name, held in ranges.items()}
    return states.of(cluster, **shown, service_cidrs=[str(cidr) for cidr in cluster.service_cidrs])
