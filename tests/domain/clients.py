"""What the clients of a crowd do. Each returns what it got; refusals that are part of the game are its end."""

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.networks import (
    address_batches,
    address_holders,
    addresses,
    allocations,
    children,
    claims,
    machines,
    networks,
    projects,
    quota_limits,
    ranges,
    resizing,
    splitting,
    vrfs,
)
from ipam.domain.networks import completion as families
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import feed
from ipam.domain.people import members
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import Pool
from ipam.domain.undo import undoing
from ipam.models import IPAddress, Machine, Network, Partition, Prefix, Project, RoleBinding
from ipam.models.events import Kind, Verb
from ipam.values import parse_cidr
from tests.builders import child, external, ip, super_network


def drain(network: str, project: UUID, *, families: tuple[Family, ...] = (), count: int = 1) -> list[list[str]]:
    """Allocate until the network is exhausted; the addresses of each allocation."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    taken = []
    while True:
        try:
            found = addresses.allocate(source, project=owner, families=families, count=count)
        except errors.Exhausted:
            return taken
        taken.append([str(address) for address in found])


def lay(network: str, first: str, last: str) -> None:
    """Lay a range."""
    ranges.create(Network.objects.get(pk=network), Bounds(first=ip(first), last=ip(last)))


def lay_and_take_away(network: str, first: str, last: str, *, times: int) -> None:
    """Lay a range and take it away again, as often as nobody else has just laid it."""
    for _ in range(times):
        with suppress(errors.Overlap, errors.Busy):
            bounds = Bounds(first=ip(first), last=ip(last))
            ranges.delete(ranges.create(Network.objects.get(pk=network), bounds))


def hand_over(address: UUID, machines_in_turn: list[str | None], *, times: int = 1) -> list[str]:
    """Let machines have an address, or nobody (None), one after the other; the outcomes."""
    found = IPAddress(pk=address)
    return [
        outcome(address_holders.hand_over, [found], Machine(pk=key) if key else None)
        for _ in range(times)
        for key in machines_in_turn
    ]


def resize(cidr: str, wanted: str) -> None:
    """Let a prefix be another."""
    resizing.resize(Prefix.objects.equal_to(parse_cidr(cidr)).get(), parse_cidr(wanted))


def split_and_merge(network: str, *, times: int) -> None:
    """Halve an IPv4 prefix of a network and make it whole again; what is in the way at the moment stays as it is."""
    for _ in range(times):
        for act in (lambda one: splitting.split(one, one.length + 1), splitting.merge):
            prefix = Prefix.objects.filter(network=network, family=4).earliest("first")
            with suppress(errors.IpamError):
                act(prefix)


def fill_quota(network: str, project: UUID) -> int:
    """Allocate pairs until the quota is used up; how many."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    taken = 0
    while True:
        try:
            addresses.allocate(source, project=owner)
        except errors.QuotaExceeded:
            return taken
        taken += 1


def carve_quota(parent: str, project: UUID) -> int:
    """Carve children until the quota is used up; how many."""
    source, owner = Network.objects.get(pk=parent), Project.objects.get(pk=project)
    made = 0
    while True:
        try:
            networks.create(child(parent=source, project=owner))
        except errors.QuotaExceeded:
            return made
        made += 1


def allocate_times(network: str, project: UUID, times: int) -> None:
    """Allocate so many pairs, one after the other."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    for _ in range(times):
        addresses.allocate(source, project=owner)


def limit_all(project: UUID, places: list[str | None]) -> None:
    """Set a quota of addresses of each family, in all networks (None) and in these."""
    owner = Project.objects.get(pk=project)
    for place in places:
        where = Network.objects.get(pk=place) if place else None
        for family in Family:
            quota_limits.create(project=owner, network=where, address_family=family, resource="addresses", limit=10**6)


def mix(network: str, project: UUID, *, seed: int, steps: int) -> int:
    """Allocate singles, pairs and batches, and release at random; how many addresses are kept."""
    rng = random.Random(seed)
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    held: list[IPAddress] = []
    for _ in range(steps):
        if held and rng.random() < 0.5:
            rng.shuffle(held)
            released = [held.pop() for _ in range(rng.randint(1, len(held)))]
            addresses.release_many(released)
            continue
        families = rng.choice([(), (Family.IPV4,), (Family.IPV6,)])
        try:
            held += addresses.allocate(source, project=owner, families=families, count=rng.choice([1, 1, 3]))
        except (errors.Exhausted, errors.Busy):
            continue
    return len(held)


def carve(parent: str, project: UUID, *, keep: int, times: int) -> list[str]:
    """Carve children and delete all but the first `keep`; the prefixes of those that are kept."""
    source, owner = Network.objects.get(pk=parent), Project.objects.get(pk=project)
    kept: list[str] = []
    for number in range(times):
        try:
            network = networks.create(child(parent=source, project=owner))
        except errors.Exhausted:
            return kept
        if number < keep:
            kept += [str(prefix) for prefix in network.prefixes.in_order()]
        else:
            networks.delete(network)
    return kept


def carve_until_full(parent: str, project: UUID) -> list[str]:
    """Carve children until the parent is exhausted; their prefixes."""
    return carve(parent, project, keep=10**6, times=10**6)


def draw_vrfs(parent: str, project: UUID, *, times: int) -> list[int]:
    """The VRFs of children of a super network without a VRF."""
    source, owner = Network.objects.get(pk=parent), Project.objects.get(pk=project)
    return [networks.create(child(parent=source, project=owner)).vrf_id or 0 for _ in range(times)]


def claim_vrfs(vnis: list[int]) -> list[int]:
    """Make VRFs with these VNIs by hand; those that were there already are left out."""
    made = []
    for vni in vnis:
        try:
            made.append(vrfs.create(id=vni).pk)
        except errors.AlreadyExists:
            continue
    return made


def draw_number(pool: Pool) -> int | None:
    """A number of the pool, or none when it is empty."""
    try:
        with transaction.atomic():
            return number_pools.acquire(pool)
    except number_pools.PoolEmpty:
        return None


def drain_pool(pool: Pool) -> list[int]:
    """All numbers of the pool that this client gets."""
    return list(iter(partial(draw_number, pool), None))


def give_back_number(pool: Pool, number: int) -> None:
    with transaction.atomic():
        number_pools.release(pool, number)


def draw_and_give_back(pool: Pool, *, seed: int, steps: int) -> list[int]:
    """Draw numbers, name some, and give some back at random; those that are kept."""
    rng = random.Random(seed)
    held: list[int] = []
    for _ in range(steps):
        if held and rng.random() < 0.5:
            give_back_number(pool, held.pop(rng.randrange(len(held))))
        elif (number := draw_number(pool)) is not None:
            held.append(number)
    return held


def mix_vrfs(parent: str, project: UUID, *, prefix: str, vnis: list[int]) -> set[str]:
    """Make and delete networks that name these VNIs, and children that draw theirs; the outcomes."""
    source, owner = Network.objects.get(pk=parent), Project.objects.get(pk=project)
    seen = set()
    for vni in vnis:
        wanted = external(id=prefix.replace("/", "-"), vrf=vni, prefixes=[parse_cidr(prefix)], destination_prefixes=())
        for new in (wanted, child(parent=source, project=owner)):
            made: list[Network] = []
            seen.add(outcome(lambda new=new, made=made: made.append(networks.create(new))))
            seen |= {outcome(networks.delete, one) for one in made}
        seen.add(outcome(lambda vni=vni: vrfs.delete(vrfs.create(id=vni))))
    return seen


def draw_asns(joined: list[str], project: UUID, partition: str, *, times: int, keep: bool = True) -> list[int]:
    """Allocate machines in these networks, named in this order; their ASNs."""
    owner, site = Project.objects.get(pk=project), Partition.objects.get(pk=partition)
    attachments = [Attachment(network=Network.objects.get(pk=key)) for key in joined]
    asns = []
    for _ in range(times):
        machine = machines.allocate(project=owner, partition=site, networks=attachments, role="machine")
        asns.append(machine.asn)
        if not keep:
            machines.release(machine)
    return asns


def outcome(call: Any, *args: Any, **kwargs: Any) -> str:
    """“done”, or the code of the refusal. What may be gone by then is looked up inside of the call."""
    try:
        call(*args, **kwargs)
    except errors.IpamError as refusal:
        return refusal.code
    return "done"


def delete_network(network: str) -> str:
    return outcome(networks.delete, Network.objects.get(pk=network))


def join_halves(keys: list[UUID]) -> str:
    return outcome(allocations.join, keys)


def complete_once(network: str) -> str:
    return outcome(families.complete, Network.objects.get(pk=network), Family.IPV6)


def withdraw(role: int) -> str:
    return outcome(members.withdraw, RoleBinding.objects.get(pk=role))


def allocate_once(network: str, project: UUID) -> str:
    def take() -> object:
        return addresses.allocate(lookups.get(Network, network), project=lookups.get(Project, project))

    return outcome(take)


def take_named(network: str, project: UUID, text: str) -> str:
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    return outcome(addresses.allocate, source, project=owner, addresses=[ip(text)])


def import_address(network: str, project: UUID, text: str) -> str:
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    refused = address_batches.take([Named(address=ip(text), network=source, project=owner)])
    return refused[0].code if refused else "done"


def import_child(parent: str, project: UUID, cidr: str) -> str:
    wanted = child(
        id="imported",
        parent=Network.objects.get(pk=parent),
        project=Project.objects.get(pk=project),
        prefixes=[parse_cidr(cidr)],
    )
    return outcome(children.import_child, wanted)


def make_machine(private: str, outside: str, address: str, project: UUID, partition: str) -> str:
    """A machine that names an address of a network to the outside."""
    found = Network.objects.in_bulk([private, outside])
    joined = [Attachment(network=found[private], auto=False), Attachment(network=found[outside], ips=[ip(address)])]
    owner, site = Project.objects.get(pk=project), Partition.objects.get(pk=partition)
    return outcome(lambda: machines.allocate(project=owner, partition=site, networks=joined))


def release_address(address: UUID) -> str:
    return outcome(addresses.release, str(address))


def release_machine(machine: str) -> str:
    return outcome(lambda: machines.release(lookups.get(Machine, machine)))


def allocate_forever(network: str, project: UUID, pipe: Any) -> None:
    """Allocate pairs without end, and say so after each."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    while True:
        addresses.allocate(source, project=owner)
        pipe.send_bytes(b".")


def make_shared_child(parent: str, project: UUID) -> str:
    source, owner = Network.objects.get(pk=parent), Project.objects.get(pk=project)
    return outcome(networks.create, child(type="child-shared", parent=source, project=owner))


def make_external(id: str = "hot", vrf: int = 7) -> str:
    return outcome(networks.create, external(id=id, vrf=vrf))


def make_super(id: str, prefix: str) -> str:
    wanted = super_network(id=id, prefixes=[parse_cidr(prefix)], default_child_prefix_length={Family.IPV4: 30})
    return outcome(networks.create, wanted)


def carve_once(parent: str, project: UUID) -> str:
    owner = Project.objects.get(pk=project)
    return outcome(lambda: networks.create(child(parent=lookups.get(Network, parent), project=owner)))


def join(network: str, project: UUID, partition: str) -> str:
    """Allocate a machine that takes no address, so that nothing but its network holds it."""
    owner, site = Project.objects.get(pk=project), Partition.objects.get(pk=partition)

    def allocate() -> object:
        attachment = Attachment(network=lookups.get(Network, network), auto=False)
        return machines.allocate(project=owner, partition=site, networks=[attachment])

    return outcome(allocate)


def allocate_and_release(network: str, project: UUID, *, times: int) -> list[str]:
    """Take an allocation and give it back at once, again and again, while the network may go."""
    owner = Project.objects.get(pk=project)

    def once() -> None:
        addresses.release_many(addresses.allocate(lookups.get(Network, network), project=owner))

    return [outcome(once) for _ in range(times)]


def delete_until_done(network: str) -> str:
    """Delete a network that others use now and then."""
    while (result := delete_network(network)) in ("has_ips", "busy"):
        continue
    return result


def remove_prefix(network: str, cidr: str) -> str:
    return outcome(networks.remove_prefix, Network.objects.get(pk=network), parse_cidr(cidr))


def remove_prefix_until_done(network: str, cidr: str) -> str:
    """Remove a prefix that others use now and then."""
    while (result := remove_prefix(network, cidr)) in ("has_ips", "busy"):
        continue
    return result


def delete_project(project: UUID) -> str:
    return outcome(projects.delete, Project.objects.get(pk=project))


def complete(network: str, *, limit: int) -> int:
    """Complete the allocations of a network in batches until none remains; how many addresses were given."""
    source, given = Network.objects.get(pk=network), 0
    while True:
        progress = families.complete(source, Family.IPV6, limit=limit)
        given += len(progress.completed)
        if not progress.remaining:
            return given


def plan_clusters(networks: list[str], project: UUID, **wanted: Any) -> list[str]:
    """Plan and reserve a cluster on each of these node networks; their outcomes."""
    owner, places = Project.objects.get(pk=project), [Network.objects.get(pk=key) for key in networks]
    asked = [NewCluster(name=f"c{one.name}", project=owner, network=one, wanted_nodes=50, **wanted) for one in places]
    return [outcome(lifecycle.create, one, reserve=True) for one in asked]


def claim_addresses(network: str, project: UUID, name: str, families: Sequence[Family] = ()) -> str:
    """The allocation, or the child network, that this name stands for."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    found = claims.claim(source, project=owner, name=name, families=families)
    return str(found.allocation or found.child_id)


def add_prefix(network: str, cidr: str) -> str:
    return outcome(networks.add_prefix, Network.objects.get(pk=network), parse_cidr(cidr))


def write_events(*, seed: int, times: int) -> list[int]:
    """Leave events that are seen a while after they were numbered, so in another order; their ids."""
    rng = random.Random(seed)

    @operation
    def once() -> int | None:
        event = history.write(Verb.UPDATE, Kind.INSTALLATION)
        time.sleep(rng.choice([0, 0.001, 0.02]))
        return event.pk if event else None

    return [key for _ in range(times) if (key := once())]


def follow_events(*, wanted: int, limit: int = 7) -> list[int]:
    """Poll the feed from its start until as many were read; their ids in order."""
    position, read, until = feed.start(), list[int](), time.monotonic() + 60
    while len(read) < wanted and time.monotonic() < until:
        page = feed.read(position, limit=limit)
        read += [event.pk for event in page.events]
        position = page.next
        if not page.more:
            time.sleep(0.005)
    return read + [event.pk for event in feed.read(position, limit=limit).events]


def undo(event: int) -> str:
    return outcome(undoing.undo, event)
