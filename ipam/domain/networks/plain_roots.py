"""Root prefixes as go-ipam knows them: nobody says what they are for, so the first thing that is taken from one does.

Such a root is a namespaced super network whose projects each open their own copy of it (go-ipam: `CreatePrefix` in a
namespace), until it gives an address instead of children.
"""

from typing import Any

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states, writes
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, address_rules, addresses, network_changes, networks, quotas, removal, vrfs
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import carving, free_space
from ipam.domain.space.carving import Returned
from ipam.models import FreeBlock, IPAddress, Network, Prefix, Project, SetAsideBlock
from ipam.models.events import Verb
from ipam.models.networks import NetworkType
from ipam.values import parse_cidr
from ipam.wording import count_of, them

MADE_IN = "twofold/go-ipam"  # a label of such roots: the namespace of go-ipam that made it, or that it is left to
ROOT = "root"  # the namespace that everything is in that has no other
_LENGTHS = ("default_child_prefix_length", "min_child_prefix_length")
_USUAL_CHILDREN = {Family.IPV4: 24, Family.IPV6: 64}  # prefix lengths; every child names its own


@operation
def create(cidr: IPNetwork, *, project: Project, namespace: str) -> Network:
    """Make the network of a root prefix that nothing has yet, open for the project of the namespace.

    One of one or two addresses has no room for children: it is external at once, with a VNI of the pool. Overlap and
    RangeNotUsable as for others (rules 4 and 4a).
    """
    access.require(Permission.OPERATE)
    family = Family.of(cidr)
    wanted: dict[str, Any] = {
        "id": f"go-ipam-{str(cidr).replace(':', '.').replace('/', '-')}",
        "name": str(cidr),
        "labels": {MADE_IN: namespace},
        "prefixes": [cidr],
    }
    if cidr.prefixlen < family.bits - 1:
        usual = min(max(cidr.prefixlen + 1, _USUAL_CHILDREN[family]), family.bits)
        wanted |= {"type": NetworkType.SUPER_NAMESPACED, "default_child_prefix_length": {family: usual}}
    else:
        owner = None if namespace == ROOT else project
        wanted |= {"type": NetworkType.EXTERNAL, "vrf": vrfs.draw().pk, "project": owner}
    network = networks.create(NewNetwork(**wanted))
    if network.is_namespaced:
        free_space.open_namespace(network, project.pk)
    history.record(Verb.CREATE, network, after=states.of(network, prefixes=network.known_prefixes))
    return network


@operation
def open_namespace(network: Network, project: Project) -> None:
    """Open a project's own copy of a namespaced super network; AlreadyExists when it has one."""
    access.require(Permission.OPERATE)
    current = lookups.get(Network, network.pk, lock=True)
    access.require_own(current)
    if not free_space.is_untouched(current, project.pk):
        raise errors.AlreadyExists(f"{current} is there already for project {project}.")
    free_space.open_namespace(current, project.pk)
    history.record(Verb.UPDATE, current, after={"copy": str(project)})


@operation
def close_namespace(network: Network, project: Project) -> None:
    """Give up a project's copy of a namespaced super network; HasChildren while there are children in it.

    A network that was made here goes with its last copy.
    """
    access.require(Permission.OPERATE)
    current = lookups.get(Network, network.pk, lock=True)
    access.require_own(current)
    _close(current, project)
    if MADE_IN in current.labels and not free_space.namespaces(current):
        removal.remove(current)
    else:
        history.record(Verb.UPDATE, current, before={"copy": str(project)})


@operation
def make_external(network: Network, project: Project, *, namespace: str) -> Network:
    """Let a root that was made here give addresses from now on, with a VNI of the pool: the exception to rule 1.

    HasChildren when it holds children, InUse when another namespace has a copy of it too. One that somebody has just
    made external is given as it is.
    """
    access.require(Permission.OPERATE)
    current = network_changes.lock(network)
    if current.is_external:
        return current
    access.require_own(current)
    if MADE_IN not in current.labels or not current.is_namespaced:
        raise errors.NetworkNotUsable(f"{current} gives prefixes, no addresses. Acquire a child prefix and use that.")
    before = states.of(current)
    _close(current, project)
    if free_space.namespaces(current):
        raise errors.InUse(f"{current} is there in another namespace too, and an address exists once. Use a child.")
    no_lengths = {column for name in _LENGTHS for column in network_changes.assign(current, name, {})}
    current.revise(
        type=NetworkType.EXTERNAL,
        vrf=vrfs.draw(),
        project=None if namespace == ROOT else project,
        labels={**current.labels, MADE_IN: namespace},
        **dict.fromkeys(sorted(no_lengths)),
    )
    quotas.forget(current)  # which counted children
    free_space.open_prefixes(current.known_prefixes, current)
    history.record(Verb.UPDATE, current, before=before, after=states.of(current))
    return current


@operation
@writes.together()
def acquire(prefix: Prefix, *, project: Project) -> IPAddress:
    """Take the lowest free address of one prefix, static, and of no other of its network."""
    network = prefix.network
    addresses.require_allocation(network, project)
    address_rules.check_may_take(network, project)
    wanted = {"project_id": project.pk, "type": IPAddress.Type.STATIC}
    rows = acquisition.take(network, families=[prefix.address_family], within=prefix, **wanted)
    history.record_addresses(Verb.ALLOCATE, begun=rows, is_undoable=True)
    quotas.charge(begun=rows)
    return rows[0]


@operation
def release_prefix(prefix: Prefix) -> None:
    """Give one of the prefixes of a child back to its parent, where a child is otherwise removed as a whole.

    LastPrefix for the only one, HasIps while addresses of it are taken, InUse while clusters stand on the network.
    """
    current = network_changes.lock(prefix.network)
    access.require_change(current)
    gone = [one for one in current.known_prefixes if one.pk == prefix.pk]
    kept = [one for one in current.known_prefixes if one.pk != prefix.pk]
    if not gone:
        raise errors.NotFound(f"{prefix} has gone already.")
    if not kept:
        raise errors.LastPrefix(f"{current} would have no prefix left. Delete the network instead.")
    free_space.lock_all(current.prefixes.filter(pk=prefix.pk))
    sources = lookups.lock_all(Prefix.objects.filter(children=prefix), no_key=True)
    if count := prefix.addresses.count():
        raise errors.HasIps(f"{prefix} holds {count_of(count, 'address')}. Release {them(count)} first.")
    lookups.check_unused(current, "clusters")
    families = {one.family for one in kept}
    destinations = [cidr for cidr in current.destination_prefixes if parse_cidr(cidr).version in families]
    before = states.of(current, prefixes=current.known_prefixes)
    current.revise(destination_prefixes=destinations)
    history.record(Verb.UPDATE, current, before=before, after=states.of(current, prefixes=kept), blocks_ended=gone)
    network_changes.delete_prefixes(gone)
    quotas.charge(blocks_ended=gone)
    returned = [Returned(source.pk, source.length, prefix.cidr, source.sets_aside) for source in sources]
    carving.give_back(str(current.parent_id), returned, current.namespace_id, current.project_id)


def _close(network: Network, project: Project) -> None:
    """Remove a copy, of which the network is locked; whoever takes from it at this moment is waited for."""
    lookups.lock_all(network.prefixes.in_order(), no_key=True)  # as those do who give back
    copy = FreeBlock.objects.filter(network=network, namespace=project)
    lookups.lock_all(copy.order_by("family", "prefix", "first").values_list("pk", flat=True))
    copy.delete()
    SetAsideBlock.objects.filter(network=network, namespace=project).delete()
    held = Prefix.objects.filter(parent__network=network, namespace=project)
    if count := held.count():
        raise errors.HasChildren(f"{network} holds {count:,} child prefixes. Release them first.")
