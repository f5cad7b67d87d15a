"""A large, plausible installation, written in bulk: for demonstrations, and to measure pages with.

The rows are those that the operations would have made, only faster: free space is derived from what was taken,
by the functions that repair it, and `manage.py doctor` finds nothing wrong.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from random import Random

from django.utils import timezone
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, usable_blocks
from ipam.demo import ageing, clusters
from ipam.demo.ageing import Past
from ipam.demo.plan import NAMES, Cloud
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import OnProgress
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.health import rebuilding
from ipam.domain.space.number_pools import Pool
from ipam.models import VRF, IPAddress, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.events import Verb

_ADDRESSES_PER_MACHINE = 8  # so many in all for each machine, which leaves room for services
_MAX_IN_ONE_NETWORK = 20_000  # where only IPv6 limits it
_FILLS = [0.62, 0.35, 0.88, 0.12, 0.74, 0.05, 5]  # of external networks; the last are crowded


@operation
def seed(
    *,
    networks: int,
    prefixes: int,
    addresses: int,
    days: int = 0,
    seed: int = 1,
    on_progress: OnProgress = lambda rows: None,
) -> None:
    """Fill an empty installation with exactly so many networks, prefixes and addresses; the same for the same `seed`.

    With `days` (0..400) it looks as if it had grown for so long: tenures, series and forecasts.
    `on_progress` is called with the number of prefixes and addresses that were just stored. AlreadyExists unless the
    installation is empty; Invalid or Exhausted when the numbers do not go together.
    """
    access.require(Permission.OPERATE)
    _refuse_what_is_filled()
    rng = Random(seed)  # noqa: S311  invented data, no secret
    past = Past(rng, days=days, now=timezone.now())
    cloud = Cloud(rng, networks=networks, prefixes=prefixes, machines=addresses // _ADDRESSES_PER_MACHINE)
    past.date(cloud)
    wanted = _addresses_per_network(cloud, addresses)
    _store(cloud, on_progress)
    taken = chain.from_iterable(_take(cloud, past, network, count) for network, count in wanted)
    bulk_insert.bulk_insert(IPAddress, taken, on_progress)
    rebuilding.build_all()
    for pool in Pool:
        rebuilding.rebuild_pool(pool)
    _record(cloud, networks=networks, prefixes=prefixes, addresses=addresses)
    ageing.keep(past)


def _record(cloud: Cloud, **stored: int) -> None:
    """Leave the event of it; clusters are planned as anybody would, and are parts of it."""
    changes = {kind: [0, count] for kind, count in stored.items()}
    with history.as_one_event(Verb.SEED):
        clusters.plan(cloud)
        history.record_filled(Verb.SEED, count=sum(stored.values()), changes=changes)


def _refuse_what_is_filled() -> None:
    if Network.objects.exists() or Project.objects.exists() or Partition.objects.exists():
        raise errors.AlreadyExists(
            "This installation is not empty, and seeding would mix invented networks with real ones. "
            "Set DATABASE_URL to a new database, migrate it, and seed that."
        )


def shares(total: int, weights: Sequence[float], caps: Sequence[int]) -> list[int]:
    """Whole numbers that add up to `total`, about in proportion to `weights`, each at most its cap.

    Exhausted when the caps add up to less.
    """
    if total > sum(caps):
        raise errors.Exhausted("That many addresses do not fit in the prefixes. Ask for fewer, or for more prefixes.")
    scale = total / sum(weights)
    found = [min(cap, int(weight * scale)) for weight, cap in zip(weights, caps, strict=True)]
    while missing := total - sum(found):
        roomy = [position for position, cap in enumerate(caps) if found[position] < cap]
        for position in roomy[:missing]:
            found[position] += min(caps[position] - found[position], max(1, missing // len(roomy)))
    return found


def _addresses_per_network(cloud: Cloud, total: int) -> list[tuple[Network, int]]:
    """How many addresses each network holds: those of its machines, and its share of the rest."""
    giving = [network for network in cloud.rows[Network] if not network.is_super]
    held, caps, weights = [], [], []
    for network in giving:
        room = cloud.room(network)
        claimed = len(cloud.claims[network.pk]) * len(room)
        most = room[Family.IPV4] * len(room) if Family.IPV4 in room else _MAX_IN_ONE_NETWORK
        cap = 0 if network.is_underlay else int((most - claimed) * cloud.rng.uniform(0.95, 1))
        middling = cap * cloud.rng.choice(_FILLS) if network.is_external else cloud.rng.lognormvariate(4, 0.8)
        held.append(claimed)
        caps.append(cap)
        weights.append(1 + middling)
    further = shares(total - sum(held), weights, caps)
    return [(network, sum(parts)) for network, *parts in zip(giving, held, further, strict=True)]


def _store(cloud: Cloud, on_progress: OnProgress) -> None:
    """Store the plan, what others refer to first."""
    prefixes = list(chain.from_iterable(cloud.prefixes.values()))
    for model in (Partition, Project, VRF, Network, Machine, MachineNetwork):
        bulk_insert.bulk_insert(model, cloud.rows[model])
    bulk_insert.bulk_insert(Prefix, [prefix for prefix in prefixes if prefix.parent is None], on_progress)
    bulk_insert.bulk_insert(Prefix, [prefix for prefix in prefixes if prefix.parent], on_progress)


def _take(cloud: Cloud, past: Past, network: Network, wanted: int) -> Iterator[IPAddress]:
    """So many addresses of a network: first its machines', then services'; pairs where it has both families."""
    rng, machines = cloud.rng, iter(cloud.claims[network.pk])
    hosts = {family: _hosts(cloud, network, family, room - wanted) for family, room in cloud.room(network).items()}
    single = rng.choice([0, 0, 0, 0.3])  # in some networks not all allocations have met IPv6
    while wanted > 0:
        machine = next(machines, None)
        allocation = {
            "network_id": network.pk,  # keys are set in half the time that objects are
            "namespace_id": network.namespace_id,
            "project_id": machine.project_id if machine else network.project_id or rng.choice(cloud.rows[Project]).pk,
            "machine_id": machine and machine.pk,
            "allocation": cloud.uuid(),
            "type": IPAddress.Type.STATIC if rng.random() < (0.1 if machine else 0.7) else IPAddress.Type.EPHEMERAL,
            "name": machine.name if machine else f"{rng.choice(NAMES['services'])}-{rng.randint(1, 9)}",
        }
        if past.days:
            allocation["created_at"] = allocation["updated_at"] = past.moment(network.created_at)
        families = list(hosts) if machine or rng.random() >= single else list(hosts)[:1]
        for family in families:
            if wanted and (found := next(hosts[family], None)):
                prefix, address = found
                yield IPAddress(id=cloud.uuid(), address=address, family=family, prefix_id=prefix.pk, **allocation)
                wanted -= 1


def _hosts(cloud: Cloud, network: Network, family: Family, unused: int) -> Iterator[tuple[Prefix, Address]]:
    """Usable addresses of a family, ascending, with gaps where addresses were given back, if there is room for gaps."""
    for prefix in cloud.prefixes[network.pk]:
        if prefix.family == family:
            usable = usable_blocks(prefix.cidr)
            for value in range(usable[0].first, usable[-1].last + 1):
                if unused > 0 and cloud.rng.random() < 0.04:
                    unused -= 2
                else:
                    yield prefix, Address(value, family)
