"""metal-stack knows no pairs: each of its addresses is an allocation of its own. Those of machines can become pairs."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving.metal_stack.entries import Document


def split_pairs(document: Document) -> Iterator[tuple[ParsedRow, ParsedRow]]:
    """What a machine has in a network by two allocations: one IPv4 and one IPv6 address of one project and type."""
    held: dict[tuple[str, ...], list[ParsedRow]] = defaultdict(list)
    for row in document.ips:
        if row.values["machine"]:
            held[row.values["network"], row.values["machine"]].append(row)
    for rows in held.values():
        rows.sort(key=lambda row: row.values["ip"].version)
        if [row.values["ip"].version for row in rows] != [4, 6]:
            continue
        first, second = (row.values for row in rows)
        alike = (first["project"], first["type"]) == (second["project"], second["type"])
        if alike and first.get("allocation") != second.get("allocation"):
            yield rows[0], rows[1]


def pair(document: Document) -> None:
    """Let each split pair be one allocation, under the id of its IPv4 address."""
    shared = {
        (row.values["network"], row.values["ip"]): first.values.get("allocation") or second.values["allocation"]
        for first, second in split_pairs(document)
        for row in (first, second)
    }
    document.ips = [
        replace(row, values={**row.values, "allocation": shared[key]})
        if (key := (row.values["network"], row.values["ip"])) in shared
        else row
        for row in document.ips
    ]
