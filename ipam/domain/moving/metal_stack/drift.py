"""What old data says of itself and is not so: reported before it moves in. What breaks a rule is refused besides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from netaddr import IPAddress as Address

from ipam.addressing import Family, some
from ipam.domain.core import bulk_insert
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving.metal_stack.entries import REPORTED, Document
from ipam.domain.moving.metal_stack.pairs import split_pairs
from ipam.domain.networks.address_batches import MAX
from ipam.models import IPAddress, Machine, Prefix
from ipam.models.networks import NetworkType


def find(document: Document) -> Iterator[str]:
    """A sentence for each inconsistency between entries that can each be read, and what is stored already.

    To be asked before anything is brought in. What is in other files may be stored: nothing is said of that.
    """
    yield from two_owners(document)
    yield from _singles(document)
    yield from _split_pairs(document)
    yield from claims_that_nobody_confirms(document)
    yield from machines_that_are_missing(document)
    for (section, tag), names in sorted(document.repeated.items()):
        yield (
            f"Tag “{tag}” stands with several values on {len(names):,} of the {section}, and the first one is kept: "
            f"{some(names)}."
        )
    for what, count in sorted(document.not_kept.items()):
        yield f"Not kept, for it has no place here: {what} ({count:,})."


def two_owners(document: Document) -> Iterator[str]:
    """Addresses that stand there more than once."""
    owners: dict[tuple[Address, str], list[ParsedRow]] = defaultdict(list)
    namespaced = _namespaced(document)
    for row in document.ips:
        namespace = str(row.values["project"]) if row.values["network"] in namespaced else ""
        owners[row.values["ip"], namespace].append(row)
    for (address, _), rows in owners.items():
        if len(rows) > 1:
            held = some([f"project {row.values['project']} in network {row.values['network']}" for row in rows])
            yield f"{address} has {len(rows):,} owners: {held}."


def _namespaced(document: Document) -> set[str]:
    """Children of networks whose space starts again for each project."""
    networks = [row.values for row in document.networks]
    parents = {one["id"] for one in networks if one["type"] == NetworkType.SUPER_NAMESPACED}
    return {one["id"] for one in networks if one["parent"] in parents}


def _singles(document: Document) -> Iterator[str]:
    """Allocations of one family in networks of both, unless their machine has the other by another allocation."""
    of_allocation: dict[str, dict[object, list[Address]]] = defaultdict(lambda: defaultdict(list))
    of_machine: dict[tuple[str, str], set[Family]] = defaultdict(set)
    machines: dict[tuple[str, Address], str] = {}
    for row in document.ips:
        address, network, machine = row.values["ip"], row.values["network"], row.values["machine"]
        of_allocation[network][row.values.get("allocation") or row.name].append(address)
        if machine:
            of_machine[network, machine].add(Family.of(address))
            machines[network, address] = machine
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
    places = {row.values["id"]: row.name for row in document.networks}
    for (network, family), held in lacking.items():
        if left := [str(address) for address in held if (network, address) not in completed]:
            yield (
                f"{places.get(network, network)}: it is dual-stack, and {len(left):,} of its allocations have "
                f"no {family.label}: {some(left)}. Complete them on its page."
            )


def _split_pairs(document: Document) -> Iterator[str]:
    if pairs := [f"{first.key} and {second.key}" for first, second in split_pairs(document)]:
        yield (
            f"Two allocations where a machine has a pair in a network ({len(pairs):,}): {some(pairs)}. "
            "With --pair they become one; without it, both halves count here as lacking a family."
        )


def _families(document: Document) -> dict[str, set[Family]]:
    """The families of each network that is in the document or named by its addresses."""
    families: dict[str, set[Family]] = defaultdict(set)
    elsewhere = {row.values["network"] for row in document.ips}
    for row in document.networks:
        families[row.values["id"]] = {Family.of(cidr) for cidr in row.values["prefixes"]}
        elsewhere.discard(row.values["id"])
    for batch in bulk_insert.batches(elsewhere, MAX):
        stored = Prefix.objects.filter(network__in=batch).order_by().distinct()
        for id, family in stored.values_list("network", "family"):
            families[id].add(Family(family))
    return families


def _completed(addresses: Iterable[Address]) -> set[tuple[str, Address]]:
    """Those of them, each with its network, whose allocation was given the other family here meanwhile."""
    completed: set[tuple[str, Address]] = set()
    for batch in bulk_insert.batches(addresses, MAX):
        stored = IPAddress.objects.filter(address__one_of=batch)
        single = set(stored.single().values_list("network", "address"))
        completed |= set(stored.values_list("network", "address")) - single
    return completed


def claims_that_nobody_confirms(document: Document) -> Iterator[str]:
    """What a machine says that it has, and no address says of itself; a stored one without a machine will join it."""
    said = {(row.values["network"], row.values["ip"]): row.values["machine"] or "" for row in document.ips}
    elsewhere = {claim[1] for row in document.machines for claim in row.values[REPORTED] if claim not in said}
    here: dict[tuple[str, Address], str | None] = {}
    for batch in bulk_insert.batches(elsewhere, MAX):
        for one in IPAddress.objects.filter(address__one_of=batch):
            here[one.network_id, one.address] = one.machine_id
    unknown = "" if document.ips else None  # without any addresses, they are in another file
    for row in document.machines:
        missing = [
            str(claim[1])
            for claim in row.values[REPORTED]
            if (said[claim] if claim in said else here.get(claim, unknown)) not in (row.values["id"], None)
        ]
        if missing:
            yield f"{row.name}: it claims {some(missing)}, but no such address says that it is this machine's."


def machines_that_are_missing(document: Document) -> Iterator[str]:
    """Machines of addresses, neither among the machines nor stored."""
    named = {id for section, id in document.named if section == "machines"}
    of_machine: dict[str, list[str]] = defaultdict(list)
    for row in document.ips:
        if row.values["machine"] and row.values["machine"] not in named:
            of_machine[row.values["machine"]].append(row.key)
    for batch in bulk_insert.batches(list(of_machine), MAX):
        for id in Machine.objects.filter(pk__one_of=batch).values_list("pk", flat=True):
            del of_machine[id]
    lacking = [address for held in of_machine.values() for address in held]
    if lacking:
        yield (
            f"The machines of {len(lacking):,} of the ips are not here yet: {some(lacking)}. Bring the machines in, "
            "then these again."
        )
