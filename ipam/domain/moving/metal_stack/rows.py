"""A document of metal-stack on its way in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from ipam.domain.core import bulk_insert
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import ADDRESSES, MACHINES, NETWORKS, PARTITIONS, PROJECTS
from ipam.domain.files.outcomes import Existing, ParsedRow
from ipam.domain.moving.metal_stack.entries import REPORTED, Document
from ipam.domain.networks.address_batches import MAX
from ipam.models import IPAddress, Machine, Network
from ipam.models.networks import NetworkType


class Rows:
    """The rows of a document, each of which has to be as what is there already.

    Addresses may come before their machines, and join them later: when they are read again, or when a machine that
    comes claims them. `remarks` are what drift tells, unless somebody has told it already.
    """

    def __init__(self, document: Document, *, remarks: Sequence[str] = ()) -> None:
        self._document, self._remarks = document, remarks

    def sections(self) -> Iterator[tuple[Kind | None, Iterable[ParsedRow]]]:
        """Rows by kind, in the order in which they refer to each other; what could not be read goes before."""
        found, places = self._document, count(1)
        yield None, found.broken.get("", ())
        broken = {section: [replace(row, place=next(places)) for row in rows] for section, rows in found.broken.items()}
        for section, kind, rows in (
            ("partitions", PARTITIONS, found.partitions),
            ("projects", PROJECTS, found.projects),
            ("networks", NETWORKS, found.networks),
            ("machines", MACHINES, self.machines()),
            ("ips", ADDRESSES, found.ips),
            ("claims", ADDRESSES, self._claimed()),
        ):
            yield kind, broken.get(section, ())
            yield kind, (replace(row, place=next(places)) for row in rows)

    def not_kept(self) -> Iterable[str]:
        """What drift tells."""
        return self._remarks

    def machines(self) -> Iterator[ParsedRow]:
        """Whoever names an ASN before those that draw one; firewalls are in the underlay without naming it."""
        stored = Network.objects.filter(type=NetworkType.UNDERLAY).values_list("pk", flat=True)
        read = (row.values for row in self._document.networks)
        underlays = {*stored, *(one["id"] for one in read if one["type"] == NetworkType.UNDERLAY)}
        for row in sorted(self._document.machines, key=lambda row: "asn" not in row.values):
            values = {name: value for name, value in row.values.items() if name != REPORTED}
            if values["role"] == Machine.Role.FIREWALL:
                values["networks"] = [one for one in values["networks"] if one not in underlays]
            yield replace(row, values=values)

    def _claimed(self) -> Iterator[ParsedRow]:
        """Addresses that machines say they have, and that are here without a machine, but not in the document."""
        said = {(row.values["network"], row.values["ip"]) for row in self._document.ips}
        claims = ((row, one) for row in self._document.machines for one in row.values[REPORTED] if one not in said)
        for batch in bulk_insert.batches(claims, MAX):
            claimants = {claim: row for row, claim in batch}
            here = Machine.objects.in_bulk({row.values["id"] for row, _ in batch})
            for one in IPAddress.objects.filter(machine=None, address__one_of={claim[1] for _, claim in batch}):
                row = claimants.get((one.network_id, one.address))
                if row is not None and row.values["id"] in here:
                    values = {"id": one.pk, "ip": one.address, "machine": row.values["id"]}
                    yield ParsedRow(0, values, name=row.name, existing=Existing.COMPARE)
