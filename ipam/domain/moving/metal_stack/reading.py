"""Reading what metal-stack's tools write: text becomes values, and every fault of the text is kept with its place.

Three forms are read. A document has the keys partitions, projects, networks, machines and ips, and is strict: it was
written by hand. What `metalctl … list -o yaml` prints is a list, or a document per object, of one kind or several;
it has fields that have no place here, which are counted and told. So have the variables of metal-stack's deployment,
which call these lists metal_api_networks and so on. Nothing is stored; `rows` are what comes in.
"""

import io
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files import documents
from ipam.domain.files.outcomes import Existing, ParsedRow
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.metal_stack.fields import SECTIONS, Values
from ipam.domain.moving.metal_stack.values import Reader
from ipam.values import parse_uuid

_TELLING: dict[str, set[str]] = {
    "ips": {"ipaddress"},
    "networks": {"prefixes", "parentnetworkid", "privatesuper"},
    "projects": {"meta", "tenant_id", "tenantid"},
    "machines": {"allocation", "partition", "liveliness"},
    "partitions": {"bootconfig", "mgmtserviceaddress"},
}
# What the variables of metal-stack's deployment call these lists: metal.yml of metal-stack/mini-lab and its likes.
_DEPLOYMENT = {
    "metal_api_partitions": "partitions",
    "metal_masterdata_api_projects": "projects",
    "metal_api_networks": "networks",
    "metal_api_ips": "ips",
}
LISTED = ("partitions", "projects", "networks", "ips", "machines")  # in the order of `live.PATHS`
_DESCRIBING = {"id", "name", "description", "labels", "changed", "created"}
# What the other side derives, as we do; its absence is no loss.
_DERIVED = {"usage", "consumption", "addressfamilies", "addressfamily"}


def parse(text: str) -> Document:
    """Read one text; what is wrong with it is in its `broken`, but ParseError is raised."""
    return parse_all([nullcontext(io.StringIO(text))])


def parse_all(files: Iterable[AbstractContextManager[TextIO]]) -> Document:
    """Read several texts as one, such as the lists of networks, of addresses and of machines.

    Those that cannot be parsed are raised together: what stands in them is not known, so the rest cannot be judged.
    """
    document = Document()
    positions: dict[str, int] = dict.fromkeys(SECTIONS, 0)
    unreadable: list[errors.IpamError] = []
    for file in files:
        try:
            with file as text:
                found = documents.load_yaml(text)
        except documents.ParseError as error:
            unreadable.append(error)
            continue
        for raw in found:
            if isinstance(raw, list) or _is_one_object(raw):
                _parse_listed(document, raw if isinstance(raw, list) else [raw], positions)
            elif isinstance(raw, dict) and not _DEPLOYMENT.keys().isdisjoint(raw):
                _parse_deployment(document, raw, positions)
            else:
                _parse_sections(document, raw)
    errors.raise_all(unreadable)
    if any(positions.values()):
        _add_implied(document)
    return document


def parse_lists(lists: Iterable[Iterable[Any]]) -> Document:
    """Read lists of objects, as a running metal-api gives them, in the order of `LISTED`."""
    document = Document()
    positions: dict[str, int] = dict.fromkeys(SECTIONS, 0)
    for section, listed in zip(LISTED, lists, strict=True):
        _parse_listed(document, listed, positions, section)
    _add_implied(document)
    return document


def _refuse(document: Document, error: errors.IpamError, section: str = "", place: str = "") -> None:
    """An entry that is none, or, without section, what is wrong with a text as a whole."""
    document.broken.setdefault(section, []).append(ParsedRow(0, {}, [error], name=place))


def _is_one_object(raw: Any) -> bool:
    return isinstance(raw, dict) and ("id" in raw or "ipaddress" in raw or "meta" in raw)


def _parse_sections(document: Document, raw: Any) -> None:
    if raw is not None and not isinstance(raw, dict):
        _refuse(document, errors.Invalid(f"A document has the keys {', '.join(SECTIONS)}, each with a list."))
        return
    raw = raw or {}
    for section in [key for key in raw if key not in SECTIONS]:
        detail = f"“{shorten(section)}” is no known key; there are {', '.join(SECTIONS)}."
        _refuse(document, errors.UnknownField(detail))
    for section in SECTIONS:
        entries = raw.get(section) or []
        if not isinstance(entries, list):
            _refuse(document, errors.Invalid(f"“{section}” is a list."))
            continue
        for position, entry in enumerate(entries):
            _parse_entry(document, section, position, entry, is_strict=True)


def _parse_listed(document: Document, listed: Iterable[Any], positions: dict[str, int], section: str = "") -> None:
    """Objects of a list of one section, or else each told by its fields; `positions` counts those of each section over
    all lists."""
    for number, raw in enumerate(listed, 1):
        if isinstance(raw, dict) and (its := section or _section_of(raw)):
            _parse_entry(document, its, positions[its], raw, is_strict=False)
            positions[its] += 1
        else:
            detail = f"Entry {number} of a list is none of {', '.join(SECTIONS)}. Take it out."
            _refuse(document, errors.Invalid(detail))


def _parse_deployment(document: Document, variables: dict[str, Any], positions: dict[str, int]) -> None:
    """The variables that list objects; `positions` counts those of each section over all lists."""
    if others := len(variables.keys() - _DEPLOYMENT.keys()):
        document.not_kept["variables of the deployment"] += others
    for name, section in _DEPLOYMENT.items():
        entries = variables.get(name) or []
        if not isinstance(entries, list):
            detail = f"“{name}” is no list. If it is a template of Ansible, write out what it stands for."
            _refuse(document, errors.Invalid(detail))
            continue
        for raw in entries:
            _parse_entry(document, section, positions[section], raw, is_strict=False)
            positions[section] += 1


def _section_of(raw: dict[str, Any]) -> str:
    """The section of an object by the fields that only its kind has; empty if it is of no kind that we know."""
    for section, telling in _TELLING.items():
        if not telling.isdisjoint(raw):
            return section
    return "partitions" if "id" in raw and raw.keys() <= _DESCRIBING else ""


def _add_implied(document: Document) -> None:
    """Partitions and projects that listed objects name are made with them; what is there is as it is."""
    named = [row.values for row in (*document.networks, *document.machines)]
    projects = [one["project"] for one in (*named, *(row.values for row in document.ips))]
    for id in sorted({one["partition"] for one in named if one.get("partition")}):
        if ("partitions", id) not in document.named:
            _keep(document, "partitions", id, Reader({}, f"partition “{id}”"), {"id": id})
    for id in sorted({str(one).lower() for one in projects if one}):
        if ("projects", id) not in document.named:
            reader = Reader({"id": id}, f"project “{shorten(id)}”")
            _keep(document, "projects", id, reader, {"id": reader.take("id", parse_uuid, None)})


def _parse_entry(document: Document, section: str, position: int, raw: Any, *, is_strict: bool) -> None:
    if not isinstance(raw, dict):
        fault = errors.Invalid("it has to be an object with keys.")
        _refuse(document, fault, section, f"{section}[{position}]")
        return
    if section == "projects" and isinstance(raw.get("meta"), dict):
        meta = {"id": "id", "tags": "labels", "annotations": "annotations"}
        raw = {name: raw["meta"].get(key) for name, key in meta.items()} | {
            key: value for key, value in raw.items() if key != "meta"
        }
    if section == "machines" and not raw.get("allocation"):
        document.not_kept["machines without allocation"] += 1
        return
    name = raw.get("id") or raw.get("ipaddress") or raw.get("name") or ""
    reader = Reader(raw, f"{section}[{position}] “{shorten(name)}”" if name else f"{section}[{position}]")
    found = SECTIONS[section](reader)
    if is_strict:
        reader.refuse_unknown_keys()
    else:
        document.not_kept.update(f"“{key}” of {section}" for key in reader.unknown_keys() if key not in _DERIVED)
    _keep(document, section, _id(section, found), reader, found, str(name))


def _keep(document: Document, section: str, id: str, reader: Reader, found: Values, name: str = "") -> None:
    """Keep an entry, unless it is there already with the same values; one with other values is refused."""
    row = ParsedRow(0, found, reader.broken, {"id": name}, name=reader.place, existing=Existing.COMPARE)
    first = document.named.setdefault((section, id), None if reader.broken else row)
    if first is not None and first is not row and not reader.broken:
        if first.values == found:
            return
        if section != "ips":  # an address of two owners is drift
            reader.refuse(errors.AlreadyExists, f"{first.name} has the same id and other values. Keep one of them.")
    for tag in reader.repeated:
        document.repeated.setdefault((section, tag), []).append(shorten(name))
    if reader.broken:
        document.broken.setdefault(section, []).append(row)
    else:
        getattr(document, section).append(row)


def _id(section: str, found: Values) -> str:
    """What tells an entry from the others of its section; empty where that cannot be read."""
    if section == "ips":
        return f"{found['network']} {found['ip']}" if found["network"] and found["ip"] else ""
    return str(found["id"] or "")
