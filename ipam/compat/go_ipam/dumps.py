"""`Dump` and `Load`: a namespace as go-ipam's JSON, one entry a prefix, each with its children and addresses."""

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import reserved_addresses
from ipam.compat.go_ipam import calls, spaces
from ipam.compat.go_ipam.messages import Value
from ipam.compat.go_ipam.spaces import Space
from ipam.compat.transactions import in_one_transaction
from ipam.domain.files import importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving import go_ipam
from ipam.domain.networks.plain_roots import ROOT
from ipam.models import IPAddress, Prefix
from ipam.values import parse_address, parse_cidr

_MAX_LOADED = 10_000  # prefixes and addresses
_ELSE = "`manage.py import_go_ipam` brings in others."


def dump(given: Value) -> Value:
    """All prefixes of a namespace as go-ipam's own JSON."""
    space = spaces.space(given.get("namespace", ""))
    held = list(space.prefixes().order_by("first", "length"))
    children, taken = defaultdict(list), defaultdict(list)
    for one in held:
        if one.parent_id is not None:
            children[one.parent_id].append(str(one))
    addresses = IPAddress.objects.filter(prefix__in=space.prefixes().order_by().values("pk"))
    for prefix, address in addresses.order_by("prefix", "address").values_list("prefix", "address"):
        taken[prefix].append(address)
    entries = [_entry(space, one, children[one.pk], taken[one.pk]) for one in held]
    return {"dump": json.dumps(entries, separators=(",", ":"))}


def _entry(space: Space, prefix: Prefix, children: list[str], taken: list[Address]) -> dict[str, Any]:
    return {
        "Cidr": str(prefix),
        "ParentCidr": str(prefix.parent) if prefix.parent else "",
        "Namespace": "" if space.name == ROOT else space.name,
        "AvailableChildPrefixes": dict.fromkeys(children, False),
        "ChildPrefixLength": 0,
        "IsParent": bool(children),
        "IPs": {str(address): True for address in sorted([*prefix.ends, *taken])},
        "Version": prefix.generation,
    }


def load(given: Value) -> Value:
    """Bring a dump into a namespace that has no prefixes: all of it, or nothing."""
    space = spaces.space(given.get("namespace", ""))
    entries = _read(given.get("dump", ""))
    in_one_transaction(lambda: _store(space, entries))
    return {}


@dataclass(frozen=True)
class _Entry:
    cidr: IPNetwork
    parent: IPNetwork | None
    taken: list[Address]  # by somebody


def _read(text: str) -> list[_Entry]:
    """The entries of a dump, parents first."""
    try:
        found = [_entry_of(raw) for _, raw in go_ipam.objects(io.StringIO(text))]
    except (ValueError, RecursionError) as error:
        raise errors.Invalid(f"This is no dump of go-ipam: {error}", field="dump") from None
    number = len(found) + sum(len(entry.taken) for entry in found)
    if number > _MAX_LOADED:
        raise errors.TooLarge(f"{number:,} prefixes and addresses are more than {_MAX_LOADED:,}. {_ELSE}")
    return sorted(found, key=lambda entry: entry.cidr.prefixlen)


def _entry_of(raw: Mapping[str, Any]) -> _Entry:
    cidr, parent = parse_cidr(raw.get("Cidr")).cidr, raw.get("ParentCidr")
    nobodys = reserved_addresses(cidr)
    taken = [one for one in map(parse_address, go_ipam.texts(raw.get("IPs"))) if one not in nobodys]
    return _Entry(cidr, parse_cidr(parent).cidr if parent else None, taken)


def _store(space: Space, entries: list[_Entry]) -> None:
    if space.prefixes().exists():
        raise errors.InUse(f"Namespace {space.name} has prefixes already. {_ELSE}")
    for one in entries:
        if one.parent is None:
            calls.create_root(space, one.cidr)
        else:
            calls.carve(space, space.find(one.parent), one.cidr)
    importing.apply(_Addresses(space, [one for one in entries if one.taken]))


class _Addresses:
    """The addresses of a dump as rows of a table, which are taken by the thousand."""

    def __init__(self, space: Space, entries: Sequence[_Entry]) -> None:
        self._space, self._entries = space, entries

    def sections(self) -> Iterator[tuple[Kind | None, Iterable[ParsedRow]]]:
        yield ADDRESSES, (ParsedRow(place, values) for place, values in enumerate(self._values(), 1))

    def not_kept(self) -> Sequence[str]:
        return ()

    def _values(self) -> Iterator[dict[str, Any]]:
        for entry in self._entries:
            network = calls.giving(self._space, self._space.find(entry.cidr))
            owner = network.project or self._space.owner()
            shared = {"network": network.pk, "project": owner.pk, "type": str(IPAddress.Type.STATIC)}
            yield from ({"ip": address, **shared} for address in entry.taken)
