"""Rows of addresses, in batches: what is there is compared, the rest is taken by the thousand."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import bulk_insert
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.known import Known
from ipam.domain.files.network_names import NetworkNames
from ipam.domain.files.outcomes import (
    CHANGED,
    NEW,
    UNCHANGED,
    Changes,
    Existing,
    Outcome,
    ParsedRow,
    differences,
    refuse_other,
)
from ipam.domain.files.references import References
from ipam.domain.networks import address_batches
from ipam.domain.networks.batch_rules import Named
from ipam.models import IPAddress, Machine, Network, Project

_CHANGEABLE = {column.name for column in ADDRESSES.columns if column.may_change}
_KIND = ADDRESSES.one
_DERIVED: dict[str, Callable[[Named], Any]] = {
    "address_family": lambda named: Family.of(named.address).key,
    "namespace": lambda named: named.network.namespace_id,
}
Outcomes = dict[int, Outcome]  # by place
Changing = dict[UUID, tuple[ParsedRow, Changes]]  # by the id of the address


def apply(rows: Iterable[ParsedRow], references: References) -> Iterator[Outcome]:
    """What became of each row. A row with the id of an address is about that one, any other wants a new one.

    Rows that change nothing are also about the address that is there already in their network.
    """
    looked_up, names = Known(), NetworkNames()
    for read in bulk_insert.batches(rows, address_batches.MAX):
        ids = looked_up.get_many(Network, (row.values.get("network") for row in read))
        batch = names.with_ids(read, ids)
        outcomes: Outcomes = {row.place: row.refused(_KIND, row.broken) for row in batch if row.broken}
        readable = [row for row in batch if not row.broken]
        known = _Owners(
            looked_up.get_many(Network, (row.values.get("network") for row in readable)),
            looked_up.get_many(Project, (row.values.get("project") for row in readable)),
            looked_up.get_many(Machine, chain.from_iterable(map(_machines, readable)), only=["project", "managed_by"]),
        )
        readable = [_without_missing_machine(row, known, references) for row in readable]
        stored = _stored(readable, known)
        outcomes |= _compare([row for row in readable if row.place in stored], stored, known)
        outcomes |= _take([row for row in readable if row.place not in stored], known, references)
        yield from (outcomes[row.place] for row in batch)


def _machines(row: ParsedRow) -> list[str | None]:
    """The ids of all machines that a row names."""
    return [row.values.get("machine"), *row.values.get("machines", ())]


class _Owners(NamedTuple):
    """What the rows of a batch refer to, by id."""

    networks: dict[str, Network]
    projects: dict[UUID, Project]
    machines: dict[str, Machine]


def _without_missing_machine(row: ParsedRow, known: _Owners, references: References) -> ParsedRow:
    """An address of another system may come before its machine, and joins it later."""
    machine = row.values.get("machine")
    if row.existing is not Existing.COMPARE or not machine or machine in known.machines:
        return row
    left_out = references.left_out("machine", machine)
    return replace(row, values={**row.values, "machine": None}, left_out=left_out)


def _stored(rows: Sequence[ParsedRow], known: _Owners) -> dict[int, IPAddress]:
    """The address that each row is about, by the row's place, as far as it is there."""
    addresses = IPAddress.objects.select_related("prefix")
    ids = {row.place: row.values["id"] for row in rows if row.values.get("id")}
    by_id = {one.pk: one for one in addresses.filter(pk__one_of=ids.values())}
    found = {place: by_id[id] for place, id in ids.items() if id in by_id}
    moved = [row for row in rows if row.existing is not Existing.CHANGE and row.values.get("network") in known.networks]
    columns = () if any(row.existing is Existing.COMPARE for row in moved) else ("address", "namespace")
    same = IPAddress.objects.filter(address__one_of=[row.values["ip"] for row in moved]).only(*columns)
    by_address = {(one.address, one.namespace_id): one for one in same}
    for row in moved:
        if one := by_address.get((row.values["ip"], known.networks[row.values["network"]].namespace_id)):
            found.setdefault(row.place, one)
    return found


def _compare(rows: Sequence[ParsedRow], stored: Mapping[int, IPAddress], known: _Owners) -> Outcomes:
    """Change what a row may change; an address that has no machine yet may get the one that a row names."""
    outcomes: Outcomes = {}
    changing: Changing = {}
    joining: Changing = {}
    for row in rows:
        found = stored[row.place]
        differing = {} if row.existing is Existing.LEAVE else differences(ADDRESSES, found, row.values)
        machine = known.machines.get(row.values.get("machine", ""))
        joins = row.existing is Existing.COMPARE and machine is not None and found.machine_id is None
        try:
            if row.existing is Existing.COMPARE:
                refuse_other({name: pair for name, pair in differing.items() if not (joins and name == "machine")})
            else:
                _refuse_fixed(found, differing, changing)
        except errors.IpamError as refusal:
            outcomes[row.place] = row.refused(_KIND, refusal.errors)
            continue
        outcomes[row.place] = row.outcome(_KIND, CHANGED if differing else UNCHANGED, changes=differing)
        if differing:
            (joining if joins else changing)[found.pk] = row, differing
    refused = address_batches.change(
        {key: {name: row.values[name] for name in differing} for key, (row, differing) in changing.items()}
    )
    refused |= address_batches.join({key: known.machines[row.values["machine"]] for key, (row, _) in joining.items()})
    for key, error in refused.items():
        row, _ = (joining if key in joining else changing)[key]
        outcomes[row.place] = row.refused(_KIND, [error])
    return outcomes


def _refuse_fixed(found: IPAddress, differing: Changes, changing: Changing) -> None:
    """Refuse a row that changes what never changes, or what another row changes already."""
    errors.raise_all(
        [
            errors.ForbiddenField(
                f"{name} of {found} is “{shorten(have)}” and never changes. Release the address and take another.",
                field=name,
            )
            for name, (have, _) in differing.items()
            if name not in _CHANGEABLE
        ]
    )
    if found.pk in changing:
        raise errors.AlreadyExists(f"{found} is changed by row {changing[found.pk][0].place} already.")


def _take(rows: Sequence[ParsedRow], known: _Owners, references: References) -> Outcomes:
    """Take what is new; a row that names what does not exist is refused before."""
    outcomes: Outcomes = {}
    wanted: list[Named] = []
    taken: list[ParsedRow] = []
    for row in rows:
        broken = list(_missing(row, known, references))
        if not broken:
            named = _named(row.values, known)
            broken = list(_violations_of_derived(row.values, named))
        if broken:
            outcomes[row.place] = row.refused(_KIND, broken)
        else:
            wanted.append(named)
            taken.append(row)
    refused = address_batches.take(wanted)
    for number, row in enumerate(taken):
        done = row.outcome(_KIND, NEW)
        outcomes[row.place] = row.refused(_KIND, [refused[number]]) if number in refused else done
    return outcomes


def _missing(row: ParsedRow, known: _Owners, references: References) -> Iterator[errors.IpamError]:
    """What the row needs and does not name, or names and is not there."""
    for name in ("ip", "network", "project"):
        if not row.values.get(name):
            yield errors.Required(f"The column “{name}” is needed.", field=name)
    referred: tuple[tuple[str, Mapping[Any, Any]], ...] = (
        ("network", known.networks),
        ("project", known.projects),
        ("machine", known.machines),
    )
    for name, found in referred:
        if (key := row.values.get(name)) and key not in found:
            yield references.missing(name, key)
    for key in row.values.get("machines", ()):
        if key not in known.machines:
            yield references.missing("machine", key)
    if (first := row.values.get("machine")) and (row.values.get("machines") or [first])[0] != first:
        yield errors.Invalid(f"machine is {first}, and not the first of machines. Leave it empty.", field="machine")


def _named(values: Mapping[str, Any], known: _Owners) -> Named:
    first = values.get("machine")
    machines = [known.machines[key] for key in values.get("machines") or ([first] if first else [])]
    return Named(
        address=values["ip"],
        network=known.networks[values["network"]],
        project=known.projects[values["project"]],
        machine=machines[0] if machines else None,
        beside=machines[1:],
        shared=values.get("shared") or "",
        id=values.get("id") or uuid4(),
        allocation=values.get("allocation") or uuid4(),
        type=values.get("type") or IPAddress.Type.EPHEMERAL,
        name=values.get("name", ""),
        description=values.get("description", ""),
        labels=values.get("labels", {}),
        tags=values.get("tags", ()),
        prefix=values.get("prefix", ""),
    )


def _violations_of_derived(values: Mapping[str, Any], named: Named) -> Iterator[errors.IpamError]:
    """Columns that follow from others, where a row gives them."""
    for name, of in _DERIVED.items():
        wanted = values.get(name)
        if wanted and wanted != (have := of(named)):
            yield errors.ForbiddenField(
                f"{name} would be {have or 'none'}, not {shorten(wanted)}: it follows from the rest. Leave it empty.",
                field=name,
            )
