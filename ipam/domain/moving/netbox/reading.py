"""Prefixes, addresses and VRFs of NetBox, as its API or its CSV export give them.

A mapping says where they go: `partition` (an id), `project` (the id for what has no tenant), `tenants` (slug or name →
project id) and `vrfs` (name or route distinguisher → VNI; `Global` for what has no VRF).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import lookups
from ipam.domain.files import documents
from ipam.domain.files.outcomes import Existing, ParsedRow
from ipam.domain.moving import mappings
from ipam.domain.moving.foreign_entries import Foreign, ForeignAddress, ForeignPrefix, ForeignRange, fault
from ipam.domain.moving.netbox import fields, files
from ipam.domain.moving.netbox.files import Entry, Lists, Row, Source
from ipam.domain.moving.netbox.vrfs import GLOBAL, Vrf, Vrfs
from ipam.domain.moving.plain_prefixes import PlainPrefixes
from ipam.models import AddressRange, Partition, Project
from ipam.values import parse_address, parse_cidr

Use = AddressRange.Use
_NAMING = ("address", "prefix", "start_address", "name", "rd")  # what a sentence calls a row by
_KEYS = {"partition", "project", "tenants", "vrfs"}


@dataclass(frozen=True)
class Places:
    """Where things go: what a mapping file says, with its ids looked up."""

    partition: Partition | None = None
    project: Project | None = None
    tenants: Mapping[str, Project] = field(default_factory=dict)
    vrfs: Mapping[str, int] = field(default_factory=dict)


def read_places(file: Any) -> Places:
    """A mapping file in YAML. ParseError, Invalid, NotFound or UnknownField when it is not as it should be."""
    raw = mappings.read(file, _KEYS)
    tenants, vrfs = raw.get("tenants") or {}, raw.get("vrfs") or {}
    if not isinstance(tenants, dict) or not isinstance(vrfs, dict):
        raise documents.ParseError("“tenants” and “vrfs” are objects.")
    errors.raise_all(
        [*_violations_of_names("tenants", tenants), *_violations_of_names("vrfs", vrfs), *_violations_of_vnis(vrfs)]
    )
    return Places(
        lookups.get(Partition, raw["partition"], field="partition") if raw.get("partition") else None,
        lookups.get(Project, raw["project"], field="project") if raw.get("project") else None,
        {name: lookups.get(Project, key, field="tenants") for name, key in tenants.items()},
        {name: int(vni) for name, vni in vrfs.items()},
    )


def _violations_of_names(field: str, names: Iterable[Any]) -> Iterator[errors.IpamError]:
    for name in names:
        if not isinstance(name, str):
            yield errors.Invalid(f"{field}: “{shorten(name)}” is no text.", field=field)


def _violations_of_vnis(vrfs: Mapping[Any, Any]) -> Iterator[errors.IpamError]:
    for name, vni in vrfs.items():
        try:
            mappings.vni(vni, f" of “{shorten(name)}”")
        except ValueError as error:
            yield errors.Invalid(f"vrfs: {error}", field="vrfs")


def read(sources: Iterable[Source], places: Places) -> PlainPrefixes:
    """What these files list. What does not fit, is there twice or is missing is a refusal."""
    lists = files.read(sources)
    run = _Run(places)
    run.read(lists)
    found = Foreign(
        prefixes=list(run.prefixes.values()),
        addresses=list(run.addresses.values()),
        ranges=run.ranges,
        vrfs=list(run.vrfs.values()),
        vnis=frozenset(places.vrfs.values()),
        broken=[*lists.broken, *run.broken],
        not_kept=[f"{what} ({count:,})" for what, count in sorted((lists.not_kept + run.not_kept).items())],
    )
    remedy = f"Give “{GLOBAL}” a VNI under “vrfs” in the mapping."
    return PlainPrefixes("netbox", found, places.partition, vrf_remedy=remedy)


class _Run:
    """Rows on their way to prefixes, addresses and VRFs of ours."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._vrfs = Vrfs(places.vrfs)
        self.vrfs: dict[int, ParsedRow] = {}
        self.prefixes: dict[IPNetwork, ForeignPrefix] = {}
        self.addresses: dict[tuple[int | None, Address], ForeignAddress] = {}
        self.ranges: list[ForeignRange] = []
        self.broken: list[ParsedRow] = []
        self.not_kept: Counter[str] = Counter()

    def read(self, lists: Lists) -> None:
        """Read all rows. All VRFs are known before any row refers to one, first those of their own list."""
        self._vrfs.learn([_with_key(self._vrfs.read(row), place) for place, row in lists.vrfs])
        self._vrfs.learn([self._vrfs.read(row.get("vrf")) for _, row in [*lists.prefixes, *lists.addresses]])
        self._each(files.VRFS, lists.vrfs, self.vrf)
        self._each(files.PREFIXES, lists.prefixes, self.prefix)
        self._each(files.ADDRESSES, lists.addresses, self.address)
        self._each(files.RANGES, lists.ranges, self.range)

    def _each(self, kind: str, entries: Iterable[Entry], read: Callable[[str, Row], None]) -> None:
        """Read each row; what is wrong with one is told with its place, and what of it is not kept is counted."""
        for entry in entries:
            self.not_kept.update(f"“{name}” of {kind}" for name in fields.not_kept(entry.row))
            name = next((one for key in _NAMING if (one := entry.row.get(key))), "")
            place = f"{entry.place} “{shorten(name)}”" if name else entry.place
            try:
                read(place, entry.row)
            except errors.IpamError as error:
                self.broken.append(fault(place, error))
            except ValueError as error:
                self.broken.append(fault(entry.place, errors.Invalid(str(error))))

    def vrf(self, place: str, row: Row) -> None:
        """A VRF of the list of VRFs."""
        vni = self._vrfs.vni(self._vrfs.read(row))
        if vni is None:
            raise errors.Required("it has no name.")
        if vni in self.vrfs:
            raise errors.AlreadyExists(f"the mapping gives VNI {vni} to {self.vrfs[vni].name} too.")
        rd = {"netbox/rd": fields.text(row["rd"])} if fields.text(row.get("rd")) else {}
        self._learn(place, vni, **_said(row, name="name", labels=rd))

    def prefix(self, place: str, row: Row) -> None:
        """A prefix of the list of prefixes or of aggregates."""
        cidr = parse_cidr(
            fields.text(row["prefix"]).lstrip("• \n")
        )  # with a bullet for each level, as old pages have it
        one = ForeignPrefix(
            place=place,
            cidr=cidr,
            said={"project": self._project(row), **_said(row)},
            vrf=self._vni(place, row),
            is_container=fields.word(row.get("status")).lower() == "container",
            is_pool=_is_so(row.get("is_pool")),
        )
        if (first := self.prefixes.setdefault(cidr, one)) is not one:
            raise errors.AlreadyExists(
                f"it is listed twice, first as {_short(first.place)}."
                if first.vrf == one.vrf
                else f"{_short(first.place)} has it in another VRF. Here each prefix is there once."
            )

    def range(self, place: str, row: Row) -> None:
        """A range of the list of ranges: for DHCP by its role, else for nobody where it is reserved or populated."""
        first, last = (fields.text(row[name]).partition("/")[0] for name in ("start_address", "end_address"))
        is_dhcp = any("dhcp" in word.lower() for word in fields.words(row.get("role")))
        is_kept = fields.word(row.get("status")).lower() == "reserved" or _is_so(row.get("mark_populated"))
        use = Use.DHCP if is_dhcp else Use.EXCLUDED if is_kept else Use.BY_NAME
        ends = {"first": parse_address(first), "last": parse_address(last)}
        self.ranges.append(ForeignRange(place=place, **ends, use=str(use), said=_said(row)))

    def address(self, place: str, row: Row) -> None:
        """An address of the list of addresses; where it is configured it may have any prefix length."""
        address = parse_address(fields.text(row["address"]).partition("/")[0])
        project = self._project(row)
        if project is None:
            raise errors.Required("no project owns it. Name one under “project” in the mapping.")
        said = _said(
            {**row, "role": fields.word(row.get("role")).lower()}, name="dns_name"
        )  # one of NetBox's own words
        one = ForeignAddress(place=place, address=address, vrf=self._vni(place, row), said={"project": project, **said})
        if (first := self.addresses.setdefault((one.vrf, address), one)) is not one:
            detail = f"it is listed twice, first as {_short(first.place)}. Here each address is there once."
            raise errors.AlreadyExists(detail)

    def _project(self, row: Row) -> UUID | None:
        words = fields.words(row.get("tenant"))
        if not words:
            return self._places.project.pk if self._places.project else None
        for word in words:
            if word in self._places.tenants:
                return self._places.tenants[word].pk
        raise errors.NotFound(f"the mapping says no project for tenant “{shorten(words[0])}”.")

    def _vni(self, place: str, row: Row) -> int | None:
        """The VNI of its VRF, which is made with it: networks that draw one must not get it."""
        vrf = self._vrfs.read(row.get("vrf"))
        vni = self._vrfs.vni(vrf)
        if vni is not None and vni not in self.vrfs:
            self._learn(place, vni, name=vrf.name or GLOBAL)
        return vni

    def _learn(self, place: str, vni: int, **said: Any) -> None:
        self.vrfs[vni] = ParsedRow(0, {"id": vni, **said}, name=place, existing=Existing.LEAVE)


def _said(row: Row, *, name: str = "", labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a row says about itself; its name stands in the field `name`, if it has one."""
    return {
        "name": fields.text(row.get(name)) if name else "",
        "description": fields.text(row.get("description")),
        "labels": {**(labels or {}), **fields.labels(row)},
    }


def _is_so(value: Any) -> bool:
    """Whether a flag is set, as the API and CSV have it."""
    return value is True or (isinstance(value, str) and value.lower() in ("true", "yes", "✔", "1"))


def _with_key(vrf: Vrf, place: str) -> Vrf:
    """A row of the list of VRFs, which is a VRF of its own even if it has neither route distinguisher nor id."""
    return vrf if vrf.key else vrf._replace(key=place)


def _short(place: str) -> str:
    """Just the file and the number."""
    return place.rpartition(" “")[0]
