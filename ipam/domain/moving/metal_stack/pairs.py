"""metal-stack knows no pairs: each of its addresses is an allocation of its own. Those of machines can become pairs."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ipam.domain.moving.metal_stack.entries import AddressEntry, Document


def split_pairs(document: Document) -> Iterator[tuple[AddressEntry, AddressEntry]]:
    """What a machine has in a network by two allocations: one IPv4 and one IPv6 address of one project and type."""
    held: dict[tuple[str, ...], list[AddressEntry]] = defaultdict(list)
    for entry in document.ips:
        if entry.machine:
            held[entry.network, entry.machine].append(entry)
    for entries in held.values():
        entries.sort(key=lambda one: one.address.version)
        if [one.address.version for one in entries] != [4, 6]:
            continue
        first, second = entries
        alike = (first.project.lower(), first.type) == (second.project.lower(), second.type)
        if alike and first.allocation != second.allocation:
            yield first, second


def pair(document: Document) -> None:
    """Let each split pair be one allocation, under the id of its IPv4 address."""
    shared = {
        (one.network, one.address): first.allocation or second.allocation
        for first, second in split_pairs(document)
        for one in (first, second)
    }
    document.ips = [
        replace(one, allocation=shared.get((one.network, one.address), one.allocation)) for one in document.ips
    ]
