"""What old data says of itself and is not so: reported before it moves in. What breaks a rule is refused besides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from netaddr import IPAddress as Address

from ipam.addressing import Family, some
from ipam.domain.core import bulk_insert
from ipam.domain.moving.metal_stack.entries import AddressEntry, Document
from ipam.domain.moving.metal_stack.pairs import split_pairs
from ipam.domain.networks.address_batches import MOST
from ipam.models import IPAddress, Machine, Prefix


def find(document: Document) -> Iterator[str]:
    """A sentence for each inconsistency between entries that can each be read, and what is stored already.

    To be asked before anything is brought in. What is in other files may be stored: nothing is said of that.
    """
    yield from _two_owners(document)
    yield from _singles(document)
    yield from _split_pairs(document)
    yield from _claims_that_nobody_confirms(document)
    yield from _machines_that_are_missing(document)
    for (section, tag), names in sorted(document.repeated.items()):
        yield (
            f"Tag “{tag}” stands with several values on {len(names):,} of the {section}, and the first one is kept: "
            f"{some(names)}."
        )
    for what, count in sorted(document.not_kept.items()):
        yield f"Not kept, for it has no place here: {what} ({count:,})."


def _two_owners(document: Document) -> Iterator[str]:
    owners: dict[tuple[str, str], list[AddressEntry]] = defaultdict(list)
    namespaced = _namespaced(document)
    for entry in document.ips:
        namespace = entry.project if entry.network in namespaced else ""
        owners[str(entry.address), namespace].append(entry)
    for (address, _), entries in owners.items():
        if len(entries) > 1:
            held = some([f"project {one.project} in network {one.network}" for one in entries])
            yield f"{address} has {len(entries):,} owners: {held}."


def _namespaced(document: Document) -> set[str]:
    """Children of networks whose space starts again for each project."""
    parents = {one.id for one in document.networks if one.type == "super-namespaced"}
    return {one.id for one in document.networks if one.parent in parents}


def _singles(document: Document) -> Iterator[str]:
    """Allocations of one family in networks of both, unless their machine has the other by another allocation."""
    of_allocation: dict[str, dict[object, list[Address]]] = defaultdict(lambda: defaultdict(list))
    of_machine: dict[tuple[str, str], set[Family]] = defaultdict(set)
    machines: dict[tuple[str, Address], str] = {}
    for entry in document.ips:
        of_allocation[entry.network][entry.allocation or entry.place].append(entry.address)
        if entry.machine:
            of_machine[entry.network, entry.machine].add(Family.of(entry.address))
            machines[entry.network, entry.address] = entry.machine
    lacking = {
        (network, family): [
            held[0]
            for held in of_allocation[network].values()
            if family not in map(Family.of, held)
            and family not in of_machine[network, machines.get((network, held[0]), "")]
        ]
        for network, families in _families(document).items()
        if families == set(Family)
        for family in Family
    }
    completed = _completed(address for held in lacking.values() for address in held)
    places = {network.id: network.place for network in document.networks}
    for (network, family), held in lacking.items():
        if left := [str(address) for address in held if (network, address) not in completed]:
            yield (
                f"{places.get(network, network)}: it is dual-stack, and {len(left):,} of its allocations have "
                f"no {family.label}: {some(left)}. Complete them on its page."
            )


def _split_pairs(document: Document) -> Iterator[str]:
    if pairs := [f"{first.address} and {second.address}" for first, second in split_pairs(document)]:
        yield (
            f"Two allocations where a machine has a pair in a network ({len(pairs):,}): {some(pairs)}. "
            "With --pair they become one; without it, both halves count here as lacking a family."
        )


def _families(document: Document) -> dict[str, set[Family]]:
    """The families of each network that is in the document or named by its addresses."""
    families: dict[str, set[Family]] = defaultdict(set)
    elsewhere = {entry.network for entry in document.ips}
    for network in document.networks:
        families[network.id] = {Family.of(cidr) for cidr in network.prefixes}
        elsewhere.discard(network.id)
    for batch in bulk_insert.batches(elsewhere, MOST):
        stored = Prefix.objects.filter(network__in=batch).order_by().distinct()
        for id, family in stored.values_list("network", "family"):
            families[id].add(Family(family))
    return families


def _completed(addresses: Iterable[Address]) -> set[tuple[str, Address]]:
    """Those of them, each with its network, whose allocation was given the other family here meanwhile."""
    completed: set[tuple[str, Address]] = set()
    for batch in bulk_insert.batches(addresses, MOST):
        stored = IPAddress.objects.filter(address__one_of=batch)
        single = set(stored.single().values_list("network", "address"))
        completed |= set(stored.values_list("network", "address")) - single
    return completed


def _claims_that_nobody_confirms(document: Document) -> Iterator[str]:
    """What a machine says that it has, and no address says of itself; a stored one without a machine will join it."""
    said = {(entry.network, entry.address): entry.machine for entry in document.ips}
    elsewhere = {claim[1] for machine in document.machines for claim in machine.claims if claim not in said}
    here: dict[tuple[str, Address], str | None] = {}
    for batch in bulk_insert.batches(elsewhere, MOST):
        for one in IPAddress.objects.filter(address__one_of=batch):
            here[one.network_id, one.address] = one.machine_id
    unknown = "" if document.ips else None  # without any addresses, they are in another file
    for machine in document.machines:
        missing = [
            str(claim[1])
            for claim in machine.claims
            if (said[claim] if claim in said else here.get(claim, unknown)) not in (machine.id, None)
        ]
        if missing:
            yield f"{machine.place}: it claims {some(missing)}, but no such address says that it is this machine's."


def _machines_that_are_missing(document: Document) -> Iterator[str]:
    """Machines of addresses, neither among the machines nor stored."""
    named = {id for section, id in document.named if section == "machines"}
    of_machine: dict[str, list[str]] = defaultdict(list)
    for entry in document.ips:
        if entry.machine and entry.machine not in named:
            of_machine[entry.machine].append(str(entry.address))
    for batch in bulk_insert.batches(list(of_machine), MOST):
        for id in Machine.objects.filter(pk__one_of=batch).values_list("pk", flat=True):
            del of_machine[id]
    lacking = [address for held in of_machine.values() for address in held]
    if lacking:
        yield (
            f"The machines of {len(lacking):,} of the ips are not here yet: {some(lacking)}. Bring the machines in, "
            "then these again."
        )
