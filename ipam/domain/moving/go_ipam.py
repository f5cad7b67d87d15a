"""The JSON dump of go-ipam: a list of prefixes, each with the addresses taken from it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TextIO

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import shorten, some
from ipam.domain.files.documents import MAX_YAML, JsonReader, ParseError
from ipam.domain.moving.foreign_entries import Foreign, ForeignAddress, ForeignPrefix, fault
from ipam.domain.moving.plain_prefixes import PlainPrefixes
from ipam.models import Partition, Prefix, Project
from ipam.models.networks import NetworkType
from ipam.values import parse_address, parse_cidr
from ipam.wording import count_of, them

DEFAULT_NAMESPACE = "root"
Entries = dict[IPNetwork, tuple[str, dict[str, Any]]]  # prefix → its place and what was read


def read(
    file: TextIO,
    *,
    project: Project,
    namespace: str = DEFAULT_NAMESPACE,
    vrf: int | None = None,
    containers: Collection[IPNetwork] = (),
) -> Foreign:
    """Read the prefixes and addresses of one namespace, which all become the project's.

    `vrf` is the VNI of prefixes that stand alone: they become external networks, which need one. `containers` are
    those that children shall be carved from, though they have none yet: the dump does not say so. NotFound when one
    of them is not there.
    """
    dump = Foreign()
    held: Counter[str] = Counter()
    entries: Entries = {}
    read_prefix = partial(_prefix, project=project, vrf=vrf, containers=containers)
    for place, raw in objects(file):
        found = str(raw.get("Namespace") or DEFAULT_NAMESPACE)
        held[found] += 1
        if found == namespace:
            _read_entry(dump, entries, place, raw, read_prefix)
    _validate_names(namespace, held, [cidr for cidr in containers if cidr not in entries])
    dump.not_kept += [*_drift(entries), *_others(namespace, held)]
    return dump


def objects(file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of a dump, each with its place; ParseError for what is none."""
    reader = JsonReader(file, longest=MAX_YAML)  # all addresses of a prefix are one entry
    for place, raw in enumerate(reader.elements()):
        if not isinstance(raw, dict):
            raise ParseError(f"Entry {place} is no object: this is no dump of go-ipam.")
        yield place, raw
    reader.end()


def _read_entry(
    dump: Foreign, entries: Entries, place: int, raw: dict[str, Any], read_prefix: Callable[..., ForeignPrefix]
) -> None:
    """A prefix with the addresses that are taken in it, or what is wrong with it."""
    try:
        prefix = read_prefix(place, raw)
        if prefix.cidr in entries:
            raise ValueError(f"{prefix.cidr} is there twice. Take one of them out.")
        taken = list(texts(raw.pop("IPs", None)))
    except ValueError as error:
        dump.broken.append(fault(f"prefixes[{place}]", errors.Invalid(str(error))))
        return
    entries[prefix.cidr] = prefix.place, raw
    dump.prefixes.append(prefix)
    _read_hosts(dump, prefix, taken)


def _validate_names(namespace: str, held: Mapping[str, int], missing: Iterable[IPNetwork]) -> None:
    """NotFound for a namespace that is not among those that the dump holds, and for containers that are missing."""
    if held and namespace not in held:
        known = ", ".join(f"{shorten(name)} ({count:,})" for name, count in sorted(held.items()))
        raise errors.NotFound(f"There is no prefix in namespace “{shorten(namespace)}”. There are: {known}.")
    there = f"in namespace “{shorten(namespace)}”, but it is named a container."
    errors.raise_all([errors.NotFound(f"There is no prefix {cidr} {there}") for cidr in missing])


class Rows(PlainPrefixes):
    """What was read, on its way into networks that have the prefixes, or that are made."""

    def __init__(self, dump: Foreign, *, partition: Partition | None = None) -> None:
        super().__init__("go-ipam", dump, partition, vrf_remedy="Name one with --vrf, the VNI of all of them.")

    def not_kept(self) -> Iterator[str]:
        """The same, and external networks that nothing says are no containers: the type of a network never changes."""
        yield from super().not_kept()
        empty = Prefix.objects.filter(network__pk__one_of=self.made, network__type=NetworkType.EXTERNAL, addresses=None)
        if cidrs := [str(prefix) for prefix in empty.in_order()]:
            yield (
                f"whether children shall be carved from {count_of(len(cidrs), 'empty prefix')}. "
                f"What is external now stays so; name the others with --container: {some(cidrs)}."
            )


def _prefix(
    place: int, raw: dict[str, Any], *, project: Project, vrf: int | None, containers: Collection[IPNetwork]
) -> ForeignPrefix:
    """One that holds others, or did, gives no addresses; older versions tell it by the length of its children."""
    cidr = parse_cidr(str(raw.get("Cidr")))
    is_container = bool(raw.get("IsParent") or raw.get("ChildPrefixLength")) or cidr in containers
    return ForeignPrefix(
        place=f"prefixes[{place}] “{cidr}”",
        cidr=cidr,
        vrf=None if raw.get("ParentCidr") or is_container else vrf,
        is_container=is_container,
        said={"project": project.pk},
    )


def texts(taken: Any) -> Iterator[str]:
    """The addresses that are taken: the keys whose value is true, or the elements of a list. ValueError."""
    if isinstance(taken, dict):
        taken = [key for key, is_taken in taken.items() if is_taken]
    if not isinstance(taken, list | None):
        raise ValueError(f"IPs: “{shorten(taken)}” is neither an object nor a list.")
    yield from map(str, taken or [])


def _read_hosts(dump: Foreign, prefix: ForeignPrefix, taken: Iterable[str]) -> None:
    """The addresses that somebody took: the dump counts those too that go-ipam took itself, for nobody."""
    place, outside = f"{prefix.place}.IPs", []
    for text in taken:
        try:
            address = parse_address(text)
        except ValueError as error:
            dump.broken.append(fault(place, errors.Invalid(str(error))))
            continue
        if address not in prefix.cidr:
            outside.append(str(address))
        elif not _is_its_own(address, prefix.cidr):
            dump.addresses.append(ForeignAddress(place=place, address=address, said=prefix.said))
    if outside:
        detail = f"{len(outside):,} lie outside of the prefix: {some(outside)}."
        dump.broken.append(fault(place, errors.NotInPrefix(detail)))


def _is_its_own(address: Address, cidr: IPNetwork) -> bool:
    """Whether go-ipam took it when it made the prefix: the first one, of IPv4 the last one too, of any length."""
    own = {cidr.first, cidr.last} if cidr.version == 4 else {cidr.first}
    return address.value in own


def _others(namespace: str, held: Mapping[str, int]) -> Iterator[str]:
    """How many prefixes are in other namespaces."""
    for name, count in sorted(held.items()):
        if name != namespace:
            yield f"{count_of(count, 'prefix')} of namespace “{shorten(name)}”; name it to bring {them(count)} in."


def _drift(entries: Entries) -> Iterator[str]:
    """Parents and children that know each other, but are not among the prefixes; each missing one is told once."""
    orphans: dict[str, list[str]] = defaultdict(list)
    for cidr, (place, raw) in entries.items():
        parent, children = str(raw.get("ParentCidr") or ""), raw.get("AvailableChildPrefixes")
        if parent and _is_missing(parent, entries):
            orphans[parent].append(str(cidr))
        listed = children.items() if isinstance(children, dict) else ()
        missing = [child for child, is_free in listed if not is_free and _is_missing(child, entries)]
        if missing:
            yield f"{place}: {len(missing):,} of its children, which are not among the prefixes: {some(missing)}."
    for parent, held in orphans.items():
        yield f"{shorten(parent)}, not among the prefixes, but the parent of {len(held):,} of them: {some(held)}."


def _is_missing(text: str, entries: Container[IPNetwork]) -> bool:
    try:
        return parse_cidr(text) not in entries
    except ValueError:
        return True
