"""Ranges of prefixes as a table."""

from typing import Any

from ipam import errors
from ipam.domain.files import cells
from ipam.domain.files.columns import LABELS, Column, Kind, Values, by_key, column, reference, texts
from ipam.domain.files.known import Known
from ipam.domain.networks import ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import AddressRange, Network, Project


def _find(values: Values) -> AddressRange | None:
    """The range of a row's id, or with its bounds."""
    if (found := by_key(AddressRange)(values)) is not None:
        return found
    first, last = values.get("first"), values.get("last")
    if first is None or last is None:
        raise errors.Required("The columns “first” and “last” are needed.", field="first")
    return AddressRange.objects.filter(network=values.get("network") or "", first=first, last=last).first()


def _create(values: Values, known: Known) -> AddressRange:
    words = {name: values[name] for name in ("id", "use", *AddressRange.texts, "labels") if values.get(name)}
    return ranges.create(
        known.get(Network, values.get("network"), field="network"),
        Bounds(first=values["first"], last=values["last"]),
        project=known.get(Project, values["project"], field="project") if values.get("project") else None,
        **words,
    )


def _update(row: AddressRange, changes: Values) -> Any:
    given = dict(changes)
    if "project" in given:
        given["project"] = Project(pk=given["project"]) if given["project"] else None
    return ranges.update(row, **given)


RANGES = Kind(
    "ranges", "range",
    (
        column("id", cells.uuid), reference("network"), column("first", cells.address), column("last", cells.address),
        column("use", cells.choice(*AddressRange.Use.values), may_change=True), *texts(AddressRange),
        Column("project", cells.uuid, of=lambda row: row.project_id, may_change=True), LABELS,
    ),
    _find, _create, _update, AddressRange.objects.all, ("network", "first", "pk"),
)  # fmt: skip
