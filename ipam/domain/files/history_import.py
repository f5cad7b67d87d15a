"""Rows of history, stored by the network; what is there is compared, and replaced where it differs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import bulk_insert
from ipam.domain.files.documents import ParseError
from ipam.domain.files.history_kind import HISTORY
from ipam.domain.files.known import Known
from ipam.domain.files.outcomes import CHANGED, NEW, UNCHANGED, Changes, Outcome, ParsedRow
from ipam.domain.files.references import References
from ipam.domain.insight import series_points
from ipam.domain.insight.series_points import MAX_STORED, NewPoint
from ipam.models import Network, Sample

_KIND = HISTORY.one
_NEEDED = ("network", "address_family", "at", "used", "total")
_COUNTS = HISTORY.names[3:]


def apply(rows: Iterable[ParsedRow], references: References) -> Iterator[Outcome]:
    """What became of each row: a network and family has one point at a moment, and the last row about it counts."""
    known = Known()
    for batch in bulk_insert.batches(rows, MAX_STORED):
        outcomes = {row.place: row.refused(_KIND, broken) for row in batch if (broken := _violations_of(row))}
        of_networks: dict[str, list[ParsedRow]] = defaultdict(list)
        for row in batch:
            if row.place not in outcomes:
                of_networks[row.values["network"]].append(row)
        networks = known.get_many(Network, of_networks)
        for key, those in of_networks.items():
            if key in networks:
                outcomes |= _bring(networks[key], those)
            else:
                missing = [references.missing("network", key)]
                outcomes |= {row.place: row.refused(_KIND, missing) for row in those}
        yield from (outcomes[row.place] for row in batch)


def _violations_of(row: ParsedRow) -> Sequence[errors.IpamError]:
    absent = [name for name in _NEEDED if row.values.get(name) is None]
    return row.broken or [errors.Required(f"The column “{name}” is needed.", field=name) for name in absent]


def _bring(network: Network, rows: Sequence[ParsedRow]) -> dict[int, Outcome]:
    """Store what differs of these rows, all of one network, and is not refused."""
    points = {row.place: _point(row.values) for row in rows}
    broken = series_points.violations(network, points.values())
    refused = {place: broken[number] for number, place in enumerate(points) if number in broken}
    kept = series_points.kept(network, points.values())
    changes = {place: _differences(kept.get((one.family, one.at)), one) for place, one in points.items()}
    wanted = {place: one for place, one in points.items() if place not in refused and changes[place] != {}}
    try:
        if wanted:
            series_points.store(network, list(wanted.values()))
    except (ParseError, errors.Busy):
        raise
    except errors.IpamError as error:  # somebody has changed the network meanwhile
        refused |= {place: list(error.errors) for place in wanted}
    return {
        row.place: row.refused(_KIND, refused[row.place]) if row.place in refused else _done(row, changes[row.place])
        for row in rows
    }


def _point(values: Mapping[str, Any]) -> NewPoint:
    counts: dict[str, Any] = {name: values.get(name) for name in _COUNTS}
    return NewPoint(family=Family.from_key(values["address_family"]), at=values["at"], **counts)


def _differences(kept: Sample | None, point: NewPoint) -> Changes | None:
    """What a point changes of the one that is kept; None where it is new."""
    if kept is None:
        return None
    both = {name: (getattr(kept, name), getattr(point, name)) for name in _COUNTS}
    return {name: (str(have), str(said)) for name, (have, said) in both.items() if said is not None and have != said}


def _done(row: ParsedRow, changes: Changes | None) -> Outcome:
    key = f"{row.values['network']} {row.values['at']:%Y-%m-%d %H:%M}"
    return row.outcome(_KIND, NEW if changes is None else CHANGED if changes else UNCHANGED, key=key, changes=changes)
