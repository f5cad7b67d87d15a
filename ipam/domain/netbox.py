"""Prefixes, addresses and VRFs of NetBox, as its API or its CSV export give them.

A mapping says where they go: `partition` (an id), `project` (the id for what has no tenant), `tenants` (slug or name →
project id) and `vrfs` (name or route distinguisher → VNI).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ipam import errors
from ipam.addressing import parse_address, parse_cidr, shorten
from ipam.domain import documents, foreign_plan, lookups, table_cells, table_formats
from ipam.domain.documents import JsonReader
from ipam.domain.foreign_plan import ForeignAddress, ForeignPrefix
from ipam.domain.metal_stack_import import Result
from ipam.domain.operations import operation
from ipam.models import Partition, Project

_KEYS = {"partition", "project", "tenants", "vrfs"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Places:
    """Where things go: what a mapping file says, with its ids looked up."""

    partition: Partition | None = None
    project: Project | None = None
    tenants: Mapping[str, Project] = field(default_factory=dict)
    vrfs: Mapping[str, int] = field(default_factory=dict)


def read_places(file: Any) -> Places:
    """A mapping file in YAML. Unreadable, NotFound or UnknownField when it is not as it should be."""
    found = documents.load_yaml(file)
    raw = found[0] if found else {}
    if not isinstance(raw, dict):
        raise documents.Unreadable(f"A mapping has the keys {', '.join(sorted(_KEYS))}.")
    errors.raise_all(
        [errors.UnknownField(f"“{shorten(key)}” is no key of a mapping.") for key in raw if key not in _KEYS]
    )
    tenants, vrfs = raw.get("tenants") or {}, raw.get("vrfs") or {}
    if not isinstance(tenants, dict) or not isinstance(vrfs, dict):
        raise documents.Unreadable("“tenants” and “vrfs” are objects.")
    return Places(
        lookups.get(Partition, raw["partition"], field="partition") if raw.get("partition") else None,
        lookups.get(Project, raw["project"], field="project") if raw.get("project") else None,
        {str(name): lookups.get(Project, key, field="tenants") for name, key in tenants.items()},
        {str(name): int(vni) for name, vni in vrfs.items() if str(vni).isdigit()},
    )


@operation
def bring_in(files: Iterable[tuple[BinaryIO, str]], places: Places) -> Result:
    """Bring in files of (content, `json` or `csv`); rows are told by their fields. What does not fit is a refusal."""
    prefixes: list[ForeignPrefix] = []
    hosts: list[ForeignAddress] = []
    broken: list[errors.IpamError] = []
    for file, format in files:
        for number, row in _rows(file, format):
            try:
                if row.get("address"):
                    hosts.append(_host(f"ip-addresses[{number}] “{shorten(row['address'])}”", row, places))
                elif row.get("prefix"):
                    prefixes.append(_prefix(f"prefixes[{number}] “{shorten(row['prefix'])}”", row, places))
                else:
                    _check_vrf(row, places)
            except errors.IpamError as error:
                broken.append(error)
            except ValueError as error:
                broken.append(errors.Invalid(f"Row {number}: {error}"))
    result = foreign_plan.bring_in("netbox", prefixes, hosts, places.partition)
    return Result(result.outcomes, [*broken, *result.refused], result.not_kept)


def _rows(file: BinaryIO, format: str) -> Iterable[tuple[int, Row]]:
    """A list, or a page of the API with its `results`."""
    if format == "json":
        file.seek(0)
        text = documents.as_text(file)
        reader = JsonReader(text)
        if reader.take("{"):
            file.seek(0)
            page = JsonReader(documents.as_text(file)).value()
            return enumerate(page.get("results", []), start=1)
    return table_formats.read(file, format)


def _prefix(place: str, row: Row, places: Places) -> ForeignPrefix:
    vrf = _word(row.get("vrf"))
    if vrf and vrf not in places.vrfs:
        raise errors.NotFound(f"{place}: the mapping says no VNI for VRF “{shorten(vrf)}”. Add it under “vrfs”.")
    return ForeignPrefix(
        place=place,
        cidr=parse_cidr(str(row["prefix"])),
        project=_project(place, row, places),
        vrf=places.vrfs.get(vrf),
        description=_text(row.get("description")),
        labels=_labels(row),
    )


def _host(place: str, row: Row, places: Places) -> ForeignAddress:
    project = _project(place, row, places)
    if project is None:
        raise errors.Required(f"{place}: no project owns it. Name one under “project” in the mapping.")
    return ForeignAddress(
        place=place,
        address=parse_address(str(row["address"]).partition("/")[0]),
        project=project,
        name=_text(row.get("dns_name")),
        description=_text(row.get("description")),
        labels=_labels(row),
    )


def _check_vrf(row: Row, places: Places) -> None:
    names = {_text(row.get("name")), _text(row.get("rd"))} - {""}
    if names and not names & places.vrfs.keys():
        raise errors.NotFound(f"VRF “{shorten(min(names))}” was left out: the mapping says no VNI for it.")


def _project(place: str, row: Row, places: Places) -> Project | None:
    tenant = _word(row.get("tenant"))
    if tenant and tenant not in places.tenants:
        raise errors.NotFound(f"{place}: the mapping says no project for tenant “{shorten(tenant)}”.")
    return places.tenants.get(tenant, places.project)


def _labels(row: Row) -> dict[str, str]:
    """Status, role and tags, which have no field here."""
    labels = {f"netbox/{name}": _word(row.get(name)) for name in ("status", "role") if _word(row.get(name))}
    tags = row.get("tags") or []
    tags = tags.split(",") if isinstance(tags, str) else tags
    return labels | {f"netbox/tag/{_word(tag)}": "" for tag in tags if _word(tag)}


def _word(value: Any) -> str:
    """The word for something that the API gives as an object and CSV as text."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("slug", "value", "name") if value.get(key)), "")
    return _text(value).strip()


def _text(value: Any) -> str:
    return str(table_cells.text(2000)(value))
