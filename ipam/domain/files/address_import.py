"""The table of addresses, in batches: what is there is compared, the rest is taken by the thousand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import models

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import bulk_insert
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, UNCHANGED, Outcome, Parsed, differences
from ipam.domain.networks import address_batches
from ipam.domain.networks.batch_rules import Named
from ipam.models import IPAddress, Machine, Network, Project

M = TypeVar("M", bound=models.Model)
_CHANGEABLE = {column.name for column in ADDRESSES.columns if column.may_change}


def bring_in(rows: Iterable[Parsed]) -> Iterator[Outcome]:
    """What became of each row. A row with the id of an address is about that one, any other wants a new one."""
    known = _Known()
    for batch in bulk_insert.batches(rows, address_batches.MOST):
        outcomes: dict[int, Outcome] = {row.place: _refused(row, row.broken) for row in batch if row.broken}
        readable = [row for row in batch if not row.broken]
        ids = [row.values["id"] for row in readable if row.values.get("id")]
        stored = {one.pk: one for one in IPAddress.objects.filter(pk__one_of=ids).select_related("prefix")}
        outcomes |= _compare([row for row in readable if row.values.get("id") in stored], stored)
        outcomes |= _take([row for row in readable if row.values.get("id") not in stored], known)
        yield from (outcomes[row.place] for row in batch)


def _refused(row: Parsed, broken: Sequence[errors.IpamError]) -> Outcome:
    return Outcome(row.place, row.key, REFUSED, reasons=tuple(broken))


def _compare(rows: Sequence[Parsed], stored: Mapping[UUID, IPAddress]) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    changed: dict[UUID, tuple[Parsed, dict[str, tuple[Any, Any]]]] = {}
    for row in rows:
        found = stored[row.values["id"]]
        differing = differences(ADDRESSES, found, row.values)
        fixed: list[errors.IpamError] = [
            errors.ForbiddenField(
                f"{name} of {found} is “{shorten(have)}” and never changes. Release the address and take another.",
                field=name,
            )
            for name, (have, _) in differing.items()
            if name not in _CHANGEABLE
        ]
        if found.pk in changed and not fixed:
            fixed.append(errors.AlreadyExists(f"{found} is changed by row {changed[found.pk][0].place} already."))
        if fixed:
            outcomes[row.place] = _refused(row, fixed)
        elif differing:
            changed[found.pk] = row, differing
        else:
            outcomes[row.place] = Outcome(row.place, row.key, UNCHANGED)
    refused = address_batches.change(
        {key: {name: row.values[name] for name in differing} for key, (row, differing) in changed.items()}
    )
    for key, (row, differing) in changed.items():
        kept = Outcome(row.place, row.key, CHANGED, changes=differing)
        outcomes[row.place] = _refused(row, [refused[key]]) if key in refused else kept
    return outcomes


def _take(rows: Sequence[Parsed], known: "_Known") -> dict[int, Outcome]:
    """Take what is new; a row that names what does not exist is refused before."""
    networks = known.named(Network, rows, "network")
    projects = known.named(Project, rows, "project")
    machines = known.named(Machine, rows, "machine", only=["project"])
    outcomes: dict[int, Outcome] = {}
    wanted: list[Named] = []
    places: list[Parsed] = []
    for row in rows:
        broken: list[errors.IpamError] = [
            *_missing(row, "ip", {row.values.get("ip"): True}),
            *_missing(row, "network", networks),
            *_missing(row, "project", projects),
            *(_missing(row, "machine", machines) if row.values.get("machine") else ()),
        ]
        if not broken:
            named = _named(row.values, networks, projects, machines)
            broken = list(_judge_derived(row.values, named))
        if broken:
            outcomes[row.place] = _refused(row, broken)
        else:
            wanted.append(named)
            places.append(row)
    refused = address_batches.take(wanted)
    for number, row in enumerate(places):
        made = Outcome(row.place, row.key, NEW)
        outcomes[row.place] = _refused(row, [refused[number]]) if number in refused else made
    return outcomes


class _Known:
    """What rows name. What the batch before has named is not read again, what only earlier ones did is forgotten."""

    def __init__(self) -> None:
        self._last: dict[type[models.Model], dict[Any, Any]] = {}

    def named(self, model: type[M], rows: Sequence[Parsed], column: str, only: Sequence[str] = ()) -> dict[Any, M]:
        keys = {row.values[column] for row in rows if row.values.get(column)}
        found = {key: one for key, one in self._last.get(model, {}).items() if key in keys}
        missing = model._default_manager.filter(pk__one_of=keys - found.keys()).only(*only)
        self._last[model] = found | {one.pk: one for one in missing}
        return self._last[model]


def _missing(row: Parsed, name: str, known: Mapping[Any, Any]) -> Iterator[errors.IpamError]:
    key = row.values.get(name)
    if not key:
        yield errors.Required(f"The column “{name}” is needed.", field=name)
    elif key not in known:
        yield errors.NotFound(f"There is no {name} “{shorten(key)}”. Check the id.", field=name)


def _named(
    values: Mapping[str, Any],
    networks: Mapping[str, Network],
    projects: Mapping[UUID, Project],
    machines: Mapping[str, Machine],
) -> Named:
    return Named(
        address=values["ip"],
        network=networks[values["network"]],
        project=projects[values["project"]],
        machine=machines[values["machine"]] if values.get("machine") else None,
        id=values.get("id") or uuid4(),
        allocation=values.get("allocation") or uuid4(),
        type=values.get("type") or IPAddress.Type.EPHEMERAL,
        name=values.get("name", ""),
        description=values.get("description", ""),
        labels=values.get("labels", {}),
        prefix=values.get("prefix", ""),
    )


def _judge_derived(values: Mapping[str, Any], named: Named) -> Iterator[errors.IpamError]:
    """Columns that follow from others, where a row gives them."""
    derived = {"address_family": Family.of(named.address).key, "namespace": named.network.namespace_id}
    for name, have in derived.items():
        wanted = values.get(name)
        if wanted and wanted != have:
            yield errors.ForbiddenField(
                f"{name} would be {have or 'none'}, not {shorten(wanted)}: it follows from the rest. Leave it empty.",
                field=name,
            )
