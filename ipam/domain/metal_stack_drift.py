"""What old data says of itself and is not so: reported before it moves in. What breaks a rule is refused besides."""

from collections import defaultdict
from collections.abc import Iterator

from ipam.addressing import Family
from ipam.domain.metal_stack_entries import AddressEntry, Document, NetworkEntry

_MOST_NAMED = 5  # addresses in one sentence


def find(document: Document) -> Iterator[str]:
    """A sentence for each inconsistency between entries that can each be read."""
    yield from _orphans(document)
    yield from _two_owners(document)
    yield from _singles(document)
    yield from _machines_without_their_addresses(document)
    for (section, tag), names in sorted(document.repeated.items()):
        yield (
            f"Tag “{tag}” stands with several values on {len(names):,} of the {section}, and the first one is kept: "
            f"{_some(names)}."
        )
    for what, count in sorted(document.not_kept.items()):
        yield f"Not kept, for it has no place here: {what} ({count:,})."


def _orphans(document: Document) -> Iterator[str]:
    """Addresses and children whose network is not among the networks; it may be there already."""
    named = {id for section, id in document.named if section == "networks"}
    missing: dict[str, int] = defaultdict(int)
    for address in document.ips:
        if address.network not in named:
            missing[address.network] += 1
    for network, count in sorted(missing.items()):
        yield f"Network {network} is not among the networks, and has {count:,} of the addresses."
    for child in document.networks:
        if child.parent and child.parent not in named:
            yield f"{child.place}: its parent {child.parent} is not among the networks."


def _two_owners(document: Document) -> Iterator[str]:
    owners: dict[tuple[str, str], list[AddressEntry]] = defaultdict(list)
    namespaced = _namespaced(document)
    for entry in document.ips:
        namespace = entry.project if entry.network in namespaced else ""
        owners[str(entry.address), namespace].append(entry)
    for (address, _), entries in owners.items():
        if len(entries) > 1:
            held = " and ".join(f"project {one.project} in network {one.network}" for one in entries)
            yield f"{address} has {len(entries)} owners: {held}."


def _namespaced(document: Document) -> set[str]:
    """Children of networks whose space starts again for each project."""
    parents = {one.id for one in document.networks if one.type == "super-namespaced"}
    return {one.id for one in document.networks if one.parent in parents}


def _singles(document: Document) -> Iterator[str]:
    """Allocations of one family in networks of both."""
    held: dict[str, dict[object, list[AddressEntry]]] = defaultdict(lambda: defaultdict(list))
    for entry in document.ips:
        held[entry.network][entry.allocation or entry.place].append(entry)
    for network in document.networks:
        if _families(network) != set(Family):
            continue
        for family in Family:
            lacking = [
                str(entries[0].address)
                for entries in held[network.id].values()
                if family not in {Family.of(one.address) for one in entries}
            ]
            if lacking:
                yield (
                    f"{network.place}: it is dual-stack, and {len(lacking):,} of its allocations have no "
                    f"{family.label}: {_some(lacking)}. Complete them on its page."
                )


def _machines_without_their_addresses(document: Document) -> Iterator[str]:
    """What a machine says that it has, and no address says of itself."""
    of_machine: dict[str, set[object]] = defaultdict(set)
    for entry in document.ips:
        of_machine[entry.machine].add(entry.address)
    for machine in document.machines:
        missing = [str(address) for address in machine.ips if address not in of_machine[machine.id]]
        if missing:
            yield f"{machine.place}: it claims {_some(missing)}, but no such address says that it is this machine's."


def _families(network: NetworkEntry) -> set[Family]:
    return {Family.of(cidr) for cidr in network.prefixes}


def _some(texts: list[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
