"""What every change of a prefix's block needs: locks, the ends that come and go, and the event (rules 18a and 18b)."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from netaddr import IPAddress, IPNetwork, cidr_exclude

from ipam import errors
from ipam.addressing import Family, buddies, host, reserved_addresses
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.states import State
from ipam.domain.networks import network_changes, quotas
from ipam.domain.networks.prefixes import fields_of
from ipam.domain.space import allocator, reshaping, usable_space
from ipam.models import IPAddress as Held
from ipam.models import Network, Prefix
from ipam.models.events import Verb

Cidrs = Sequence[IPNetwork]  # what a prefix shall be: another one, or its parts
Obstacles = Callable[[Cidrs], list[errors.IpamError]]


def lock(prefix: Prefix, *, with_contents: bool = False, with_sibling: bool = False) -> Prefix:
    """A prefix as it is now, locked after its network, which knows its prefixes, and before what it was carved from;
    perhaps with the sibling that it makes a whole with, and with what moves from one prefix to another.

    PermissionDenied, NotFound when it has gone, or Stale.
    """
    before = lookups.get(Prefix, prefix.pk)
    network = network_changes.lock(Network(pk=before.network_id))
    access.require_change(network)
    found = next((one for one in network.known_prefixes if one.pk == before.pk), None)
    if found is None:
        raise errors.NotFound(f"{before} has just gone. Look again.")
    keys = {found.pk}
    if with_sibling and (other := sibling(found, network.known_prefixes)) is not None:  # as it is now
        keys.add(other.pk)
    wanted = Prefix.objects.filter(pk__in=keys)
    if with_contents:  # those are locked before their prefixes, as by whoever releases them
        lookups.lock_all(Prefix.objects.filter(parent__in=keys).in_order(), no_key=True)
        lookups.lock_all(Held.objects.filter(prefix__in=keys).order_by("pk").values_list("pk"), no_key=True)
    locked = {one.pk: one for one in lookups.lock_all(wanted.in_order(), no_key=True)}
    current = locked[found.pk]
    lookups.check_generation(current, prefix.expected_generations)
    network.known_prefixes = [locked.get(one.pk, one) for one in network.known_prefixes]
    current.network = network
    if current.parent_id is not None:
        sources = Prefix.objects.select_related("network").select_for_update(no_key=True, of=("self",))
        current.parent = sources.get(pk=current.parent_id)
    return current


def sibling(current: Prefix, known: Iterable[Prefix]) -> Prefix | None:
    """Which of these prefixes is the other half of what one is a half of."""
    wanted = buddies(current.cidr, current.length - 1) if current.length else []
    alike = (one for one in known if (one.parent_id, one.namespace_id) == (current.parent_id, current.namespace_id))
    return next((one for one in alike if [one.cidr] == wanted), None)


def raise_with_nearest(current: Prefix, obstacles: Obstacles, wanted: Cidrs, others: Sequence[Cidrs]) -> None:
    """Raise what keeps a prefix from being `wanted`, with the first of others that nothing keeps it from.

    Obstacles of one of the others are in the way of all before it too, so it is sought by halves; ends that are held
    (`violations_of_ends`) are not, and are asked for all at once.
    """
    if found := [*obstacles(wanted), *violations_of_ends(current, wanted)]:
        fitting = others[bisect_left(others, True, key=lambda other: not obstacles(other)) :]
        held = _held_ends(current, [cidr for other in fitting for cidr in other])
        apart = (
            other for other in fitting if held.isdisjoint(end for cidr in other for end in reserved_addresses(cidr))
        )
        nearest = next(apart, None)
        for one in found:
            one.nearest = "" if nearest is None else str(nearest[0])
        errors.raise_all(found)


def violations_of_ends(current: Prefix, wanted: Collection[IPNetwork]) -> list[errors.IpamError]:
    """Addresses of a prefix that would be reserved in one of these (rule 25): one that is held, or the gateway."""
    return violations_of_held(current, wanted) if current.reserve_ends else []


def violations_of_held(current: Prefix, wanted: Collection[IPNetwork]) -> list[errors.IpamError]:
    """The same of a prefix that reserves no ends yet."""
    if current.network.is_super:
        return []
    ends = {end: cidr for cidr in wanted for end in reserved_addresses(cidr)}
    held = current.addresses.filter(address__in=sorted(ends)).order_by("address")
    found = [_reserved(f"{one}, which is held,", ends[one.address]) for one in held[:1]]
    if current.gateway in ends:
        found.append(_reserved(f"The gateway {current.gateway}", ends[current.gateway]))
    return found


def _held_ends(current: Prefix, wanted: Collection[IPNetwork]) -> set[IPAddress | None]:
    """The gateway of a prefix, and those of its addresses that are held, as far as they would be ends in these."""
    if current.network.is_super or not current.reserve_ends:
        return set()
    ends = {end for cidr in wanted for end in reserved_addresses(cidr)}
    return {current.gateway, *current.addresses.filter(address__in=sorted(ends)).values_list("address", flat=True)}


def kept_back(network: Network, prefixes: Collection[Prefix]) -> set[IPAddress]:
    """The addresses of prefixes that are kept out of free space: reserved ends, and gateways."""
    kept = {one.gateway for one in prefixes if one.gateway is not None}
    return kept if network.is_super else kept | {end for one in prefixes for end in one.ends}


def exchange_ends(current: Prefix, before: Collection[IPAddress], *, gained: Collection[IPNetwork] = ()) -> None:
    """Let what a prefix has gained be free, and the ends that are none any longer; take out those that are new."""
    after = kept_back(current.network, [current])
    blocks = [*gained, *(host(one) for one in before if one in current.cidr and one not in after)]
    for end in after:
        blocks = [part for one in blocks for part in cidr_exclude(one, host(end))]
    reshaping.release(current, blocks, is_namespaced=current.network.is_namespaced)
    for end in sorted(after - set(before)):
        if not any(end in one for one in gained):
            take_out(current, end)


def take_out(current: Prefix, end: IPAddress) -> None:
    """Take a new end out of free space, or what is set aside; nobody held it a moment ago."""
    if not list(usable_space.violations_of_address(end)):
        taken = errors.Busy(f"Somebody has just been given {end}. Nothing was changed; send it again.")
        allocator.acquire_exactly(current, host(end), find_holder=lambda: taken, field="prefix", is_named=False)


def telling_of_ranges(verb: Verb, prefix: Prefix) -> AbstractContextManager[None]:
    """Around the change of a prefix, which may have ranges: what becomes of those is told by parts of its event."""
    return history.as_one_event(verb) if prefix.sets_aside else nullcontext()


def record(verb: Verb, network: Network, was: State, *, ended: Iterable[IPNetwork], begun: list[Prefix]) -> None:
    """Leave the event of a network whose prefixes have changed; of a child, blocks change hands."""
    gone = [Prefix.of(cidr, network=network, namespace_id=begun[0].namespace_id) for cidr in ended]
    gone, begun = (gone, begun) if network.is_child else ([], [])
    history.record(verb, network, before=was, after=state(network), blocks_ended=gone, blocks_begun=begun)
    quotas.charge(blocks_ended=gone, blocks_begun=begun)


def state(network: Network) -> State:
    """A network as history has it, with what its prefixes say."""
    known = network.known_prefixes
    return states.of(network, prefixes=[one.cidr for one in known], **fields_of(known))


def ends_of(cidr: IPNetwork) -> dict[str, object]:
    """The columns that say which block a prefix is."""
    first, last = IPAddress(cidr.first, cidr.version), IPAddress(cidr.last, cidr.version)
    return {"first": first, "last": last, "length": cidr.prefixlen}


def _reserved(what: str, cidr: IPNetwork) -> errors.IpamError:
    which = "network or broadcast" if Family.of(cidr) is Family.IPV4 else "subnet-router"
    return errors.WouldBeReserved(f"{what} would be the {which} address of {cidr}. Release or move it.", field="prefix")
