"""A large, plausible installation, written in bulk: for demonstrations, and to measure pages with.

The rows are those that the operations would have made, only faster: free space is derived from what was taken,
by the functions that repair it, and `manage.py doctor` finds nothing wrong.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from random import Random
from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, usable_blocks
from ipam.demo import names, plan
from ipam.demo.plan import Cloud
from ipam.domain.core import bulk_insert, history
from ipam.domain.core.bulk_insert import Advance
from ipam.domain.core.operations import operation
from ipam.domain.health import rebuilding
from ipam.domain.space import free_space, gaps
from ipam.domain.space.number_pools import Pool
from ipam.models import VRF, FreeBlock, IPAddress, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.events import Verb

_ADDRESSES_PER_MACHINE = 8  # so many in all for each machine, which leaves room for services
_MOST_IN_ONE_NETWORK = 20_000  # where only IPv6 limits it
_CROWDED_EVERY = 7  # of the external networks
_FILLS = [0.62, 0.35, 0.88, 0.12, 0.74, 0.05, 0.48]


@operation
def seed(*, networks: int, prefixes: int, addresses: int, seed: int = 1, advance: Advance = lambda rows: None) -> None:
    """Fill an empty installation with exactly so many networks, prefixes and addresses; the same for the same `seed`.

    `advance` is called with the number of prefixes and addresses that were just stored. AlreadyExists unless the
    installation is empty; Invalid or Exhausted when the numbers do not go together.
    """
    if Network.objects.exists() or Project.objects.exists() or Partition.objects.exists():
        raise errors.AlreadyExists(
            "This installation is not empty, and seeding would mix invented networks with real ones. "
            "Set DATABASE_URL to a new database, migrate it, and seed that."
        )
    rng = Random(seed)  # noqa: S311  invented data, no secret
    cloud = plan.make(rng, networks=networks, prefixes=prefixes, machines=addresses // _ADDRESSES_PER_MACHINE)
    wanted = _addresses_per_network(cloud, addresses)
    _store_plan(cloud, advance)
    _store_addresses(cloud, wanted, advance)
    for pool in Pool:
        rebuilding.rebuild_pool(pool)
    history.record_filled(
        Verb.SEED,
        count=networks + prefixes + addresses,
        changes={"networks": [0, networks], "prefixes": [0, prefixes], "addresses": [0, addresses]},
    )


def shares(total: int, weights: Sequence[float], caps: Sequence[int]) -> list[int]:
    """Whole numbers that add up to `total`, about in proportion to `weights`, each at most its cap.

    Exhausted when the caps add up to less.
    """
    if total > sum(caps):
        raise errors.Exhausted("That many addresses do not fit in the prefixes. Ask for fewer, or for more prefixes.")
    scale = total / sum(weights) if total else 0.0
    found = [min(cap, int(weight * scale)) for weight, cap in zip(weights, caps, strict=True)]
    while missing := total - sum(found):
        roomy = [position for position, cap in enumerate(caps) if found[position] < cap]
        for position in roomy:
            more = min(caps[position] - found[position], max(1, missing // len(roomy)), total - sum(found))
            found[position] += more
    return found


def _addresses_per_network(cloud: Cloud, total: int) -> dict[str, int]:
    """How many addresses each network holds: those of its machines, and its share of the rest."""
    giving = [network for network in cloud.networks if not network.is_super]
    held = [len(cloud.claims[network.pk]) * len(cloud.families(network)) for network in giving]
    caps = [_cap(cloud, network) - claimed for network, claimed in zip(giving, held, strict=True)]
    rest = total - sum(held)
    crowded = [0] * len(giving)
    for position, network in enumerate(giving):
        if network.is_external and position % _CROWDED_EVERY == 0 and sum(crowded) + caps[position] < rest // 2:
            crowded[position] = int(caps[position] * cloud.rng.uniform(0.95, 1))
    weights = [_weight(cloud, network, cap) for network, cap in zip(giving, caps, strict=True)]
    caps = [0 if full else cap for full, cap in zip(crowded, caps, strict=True)]
    further = shares(rest - sum(crowded), weights, caps)
    return {network.pk: sum(parts) for network, *parts in zip(giving, held, crowded, further, strict=True)}


def _cap(cloud: Cloud, network: Network) -> int:
    """How many addresses the network can hold, as pairs where it has both families."""
    if network.is_underlay:
        return len(cloud.claims[network.pk])  # of firewalls only
    families = cloud.families(network)
    if Family.IPV4 not in families:
        return _MOST_IN_ONE_NETWORK
    return cloud.room(network, Family.IPV4) * len(families)


def _weight(cloud: Cloud, network: Network, cap: int) -> float:
    """How many addresses it would hold in a cloud of middling age."""
    if network.is_external:
        return max(1.0, cap * cloud.rng.choice(_FILLS))
    return 1 + min(cap, cloud.rng.lognormvariate(4, 0.8))


def _store_plan(cloud: Cloud, advance: Advance) -> None:
    prefixes = list(chain.from_iterable(cloud.prefixes[network.pk] for network in cloud.networks))
    roots = [prefix for prefix in prefixes if prefix.parent is None]
    carved = [prefix for prefix in prefixes if prefix.parent is not None]
    bulk_insert.store(Partition, cloud.partitions)
    bulk_insert.store(Project, cloud.projects)
    bulk_insert.store(VRF, cloud.vrfs)
    bulk_insert.store(Network, cloud.networks)
    bulk_insert.store(Prefix, roots, advance)
    bulk_insert.store(Prefix, carved, advance)
    bulk_insert.store(Machine, cloud.machines)
    bulk_insert.store(MachineNetwork, cloud.attachments)
    bulk_insert.store(FreeBlock, list(_free_for_children(cloud, carved)))


def _free_for_children(cloud: Cloud, carved: Iterable[Prefix]) -> Iterator[FreeBlock]:
    """What the children leave free of super networks; of a namespaced one, in each project's copy."""
    taken: dict[tuple[str, uuid.UUID | None], dict[int, list[gaps.Range]]] = {}
    for network in cloud.networks:
        if network.is_super and not network.is_namespaced:
            taken[network.pk, None] = {}
    for child in carved:
        parent = child.parent
        if parent is not None:
            copy = taken.setdefault((parent.network_id, child.namespace_id), {})
            copy.setdefault(parent.pk, []).append((child.first.value, child.last.value))
    for (network_id, namespace_id), ranges in taken.items():
        for prefix in cloud.prefixes[network_id]:
            parts = gaps.free_parts(prefix.cidr, ranges.get(prefix.pk, []), is_super=True)
            yield from free_space.rows(network_id, prefix.pk, namespace_id, parts)


def _store_addresses(cloud: Cloud, wanted: dict[str, int], advance: Advance) -> None:
    """Store addresses and the free blocks around them, some networks at a time: memory stays flat."""
    addresses: list[IPAddress] = []
    free: list[FreeBlock] = []
    for network in cloud.networks:
        if network.is_super:
            continue
        taken = list(_take(cloud, network, wanted[network.pk]))
        addresses += taken
        free += _free_for_addresses(cloud, network, taken)
        if len(addresses) + len(free) > bulk_insert.BATCH:
            bulk_insert.store(IPAddress, addresses, advance)
            bulk_insert.store(FreeBlock, free)
            addresses, free = [], []
    bulk_insert.store(IPAddress, addresses, advance)
    bulk_insert.store(FreeBlock, free)


def _take(cloud: Cloud, network: Network, wanted: int) -> Iterator[IPAddress]:
    """So many addresses of a network: first its machines', then services'; pairs where it has both families."""
    hosts = {family: _hosts(cloud, network, Family(family), wanted) for family in cloud.families(network)}
    machines = iter(cloud.claims[network.pk])
    single = cloud.rng.choice([0, 0, 0, 0.3])  # in some networks not all allocations have met IPv6
    while wanted:
        machine = next(machines, None)
        columns = _columns(cloud, network, machine)
        families = list(hosts) if machine or cloud.rng.random() >= single else list(hosts)[:1]
        for family in families:
            found = next(hosts[family], None) if wanted else None
            if found is not None:
                prefix, value = found
                address = Address(value, family)
                yield IPAddress(id=cloud.uuid(), address=address, family=family, prefix_id=prefix.pk, **columns)
                wanted -= 1


def _columns(cloud: Cloud, network: Network, machine: Machine | None) -> dict[str, Any]:
    """What the addresses of one allocation have in common."""
    rng = cloud.rng
    is_static = rng.random() < (0.1 if machine else 0.7)
    return {
        "network_id": network.pk,
        "namespace_id": network.namespace_id,
        "project_id": machine.project_id if machine else network.project_id or rng.choice(cloud.projects).pk,
        "machine_id": machine.pk if machine else None,
        "allocation": cloud.uuid(),
        "type": IPAddress.Type.STATIC if is_static else IPAddress.Type.EPHEMERAL,
        "name": machine.name if machine else names.service(rng),
    }


def _hosts(cloud: Cloud, network: Network, family: Family, wanted: int) -> Iterator[tuple[Prefix, int]]:
    """Usable addresses of a family, ascending, with gaps where addresses were given back, if there is room for gaps."""
    spare = (cloud.room(network, family) - wanted) // 2
    for prefix in cloud.prefixes[network.pk]:
        if prefix.family != family:
            continue
        usable = usable_blocks(prefix.cidr)
        for value in range(usable[0].first, usable[-1].last + 1):
            if spare > 0 and cloud.rng.random() < 0.04:
                spare -= 1
            else:
                yield prefix, value


def _free_for_addresses(cloud: Cloud, network: Network, taken: Iterable[IPAddress]) -> Iterator[FreeBlock]:
    by_prefix: dict[int, list[gaps.Range]] = {prefix.pk: [] for prefix in cloud.prefixes[network.pk]}
    for address in taken:
        by_prefix[address.prefix_id].append((address.address.value, address.address.value))
    for prefix in cloud.prefixes[network.pk]:
        parts = gaps.free_parts(prefix.cidr, by_prefix[prefix.pk], is_super=False)
        yield from free_space.rows(network.pk, prefix.pk, None, parts)
