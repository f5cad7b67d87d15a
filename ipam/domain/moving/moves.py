"""A file of another system and a mapping, as a source of rows: for doors that have no options of their own for each."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, BinaryIO

from netaddr import IPNetwork

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.files import documents, formats
from ipam.domain.files.importing import Source
from ipam.domain.moving import go_ipam, mappings
from ipam.domain.moving.metal_stack import drift, pairs, reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.moving.metal_stack.values import flag
from ipam.domain.moving.netbox import files
from ipam.domain.moving.netbox import reading as netbox
from ipam.models import Partition, Project
from ipam.values import parse_cidr


def _metal_stack(file: BinaryIO, name: str, mapping: str) -> Source:
    """Keys of the mapping: `pair`."""
    said = mappings.read(io.StringIO(mapping), {"pair"})
    document = reading.parse_all([nullcontext(documents.as_text(file))])
    if _converted(said, "pair", flag, False):
        pairs.pair(document)
    return Rows(document, remarks=list(drift.find(document)))


def _netbox(file: BinaryIO, name: str, mapping: str) -> Source:
    """Keys of the mapping: those of its command."""
    places = netbox.read_places(io.StringIO(mapping))
    return netbox.read([files.Source(name, file, formats.guess(name))], places)


def _go_ipam(file: BinaryIO, name: str, mapping: str) -> Source:
    """Keys of the mapping: the options of its command."""
    said = mappings.read(io.StringIO(mapping), {"project", "partition", "namespace", "vrf", "containers"})
    if not said.get("project"):
        raise errors.Required("The mapping says no “project”, which owns everything.", field="mapping")
    dump = go_ipam.read(
        documents.as_text(file),
        project=lookups.get(Project, said["project"], field="mapping"),
        namespace=str(said.get("namespace") or go_ipam.DEFAULT_NAMESPACE),
        vrf=_converted(said, "vrf", mappings.vni, None),
        containers=_converted(said, "containers", _cidrs, []),
    )
    partition = lookups.get(Partition, said["partition"], field="mapping") if said.get("partition") else None
    return go_ipam.Rows(dump, partition=partition)


def _cidrs(value: Any) -> list[IPNetwork]:
    return [parse_cidr(str(one)) for one in (value if isinstance(value, list) else [value])]


def _converted(said: dict[str, Any], key: str, convert: Callable[[Any], Any], default: Any) -> Any:
    try:
        return convert(said[key]) if said.get(key) is not None else default
    except ValueError as error:
        raise errors.Invalid(f"{key}: {error}", field="mapping") from None


MOVES: dict[str, Callable[[BinaryIO, str, str], Source]] = {
    "metal-stack": _metal_stack,
    "netbox": _netbox,
    "go-ipam": _go_ipam,
}
