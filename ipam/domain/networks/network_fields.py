"""Which fields a network of each type needs, takes and refuses (rule 2), and what a request says in them."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from typing import Any

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import lookups
from ipam.models import Network, Partition, Project
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType

REQUIRED, OPTIONAL, REFUSED = "required", "optional", "refused"
_TYPES = [
    [NetworkType.EXTERNAL],
    [NetworkType.UNDERLAY],
    [NetworkType.SUPER],
    [NetworkType.SUPER_NAMESPACED],
    [NetworkType.CHILD, NetworkType.CHILD_SHARED],
]
# Rule 2: which fields a new network of each type needs, takes and refuses.
_R, _O, _N = REQUIRED, OPTIONAL, REFUSED
_FIELDS = {
    #                                external  underlay  super  namespaced  child
    "id":                            [_R,      _R,       _R,    _R,         _N],
    "project":                       [_O,      _N,       _O,    _O,         _R],
    "partition":                     [_O,      _R,       _O,    _N,         _O],
    "parent":                        [_N,      _N,       _N,    _N,         _O],
    "prefixes":                      [_R,      _R,       _R,    _R,         _O],
    "destination_prefixes":          [_O,      _N,       _O,    _O,         _N],
    "default_child_prefix_length":   [_N,      _N,       _R,    _R,         _N],
    "min_child_prefix_length":       [_N,      _N,       _O,    _O,         _N],
    "child_choice":                  [_N,      _N,       _O,    _O,         _N],
    "length":                        [_N,      _N,       _N,    _N,         _O],
    "address_family":                [_N,      _N,       _N,    _N,         _O],
    "vrf":                           [_R,      _N,       _O,    _O,         _O],
    "vrf_shared":                    [_O,      _N,       _O,    _O,         _O],
    "nat_type":                      [_O,      _N,       _O,    _O,         _N],
    "additional_announcable_cidrs":  [_N,      _N,       _O,    _O,         _N],
    "cluster_ranges":                [_N,      _N,       _O,    _O,         _N],
}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    type_: {name: row[column] for name, row in _FIELDS.items()}
    for column, types in enumerate(_TYPES)
    for type_ in types
}
_CHOSEN = ("length", "address_family")  # of a child whose prefixes are chosen for it
# What a child inherits at creation it may change afterwards; where it was carved from, never.
_UPDATABLE_ON_CHILDREN = {"nat_type", "destination_prefixes"}


@dataclass(frozen=True, kw_only=True)
class NewNetwork:
    """What a request says about a network to make; which fields each type needs, takes and refuses is rule 2.

    Lengths are prefix lengths per family. An empty value is as good as none.
    """

    type: str
    id: str = ""
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    project: Project | None = None
    partition: Partition | None = None
    parent: Network | None = None
    prefixes: Sequence[IPNetwork] = ()
    prefix_fields: Mapping[IPNetwork, Mapping[str, Any]] = field(default_factory=dict)  # `prefixes.PrefixFields`
    destination_prefixes: Sequence[IPNetwork] = ()
    default_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    min_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    additional_announcable_cidrs: Sequence[IPNetwork] = ()
    child_choice: str = ""
    length: Mapping[Family, int] = field(default_factory=dict)
    address_family: Sequence[Family] = ()  # both for “dual-stack”; none: as many as there are
    vrf: int | None = None
    vrf_shared: bool = False
    nat_type: str = NatType.NONE
    cluster_ranges: str = ""
    quarantine: Mapping[Family, float] = field(default_factory=dict)  # hours
    quarantine_strict: bool = False

    @property
    def cooling(self) -> dict[str, Any]:
        """The columns that say how long what is released cools."""
        hours = {family.key: number for family, number in self.quarantine.items()}
        return {"quarantine": hours, "quarantine_strict": self.quarantine_strict}

    @property
    def described(self) -> dict[str, Any]:
        """The columns that describe it, in whatever words: its texts and labels."""
        return {**{name: getattr(self, name) for name in Network.texts}, "labels": dict(self.labels)}


def violations_of_given(type_: str, given: Mapping[str, object]) -> list[errors.IpamError]:
    """Rule 2: missing and refused fields of a new network, also where references are names not looked up yet."""
    broken: list[errors.IpamError] = []
    for name, require in FIELDS[type_].items():
        is_given = _is_given(given.get(name))
        if require == REQUIRED and not is_given:
            broken.append(_missing(type_, name))
        if require == REFUSED and is_given:
            broken.append(_refused(type_, name))
    if type_ in CHILD_TYPES and _is_given(given.get("prefixes")):
        broken += [_needless(name) for name in _CHOSEN if _is_given(given.get(name))]
    return broken


def look_up(new: NewNetwork) -> NewNetwork:
    """The same with its parent as it is now, not when the caller read it, and with what it merely names by an id or
    name: `Project(pk="…")`, never stored. All that are missing are told together (rule 2).
    """
    given = {name: one for name in ("partition", "project", "parent") if (one := getattr(new, name)) is not None}
    wanted = {name: (type(one), one.pk) for name, one in given.items() if name == "parent" or one._state.adding}
    return replace(new, **lookups.get_all(wanted))


def violations_of_changed_fields(network: Network, changes: Iterable[str]) -> list[errors.IpamError]:
    """Which of these fields this type of network never takes, also not later (rules 2 and 17)."""
    return [
        _refused(network.type, name)
        for name in changes
        if FIELDS[network.type].get(name) == REFUSED and not (network.is_child and name in _UPDATABLE_ON_CHILDREN)
    ]


def violations_of_removed_fields(network: Network, names: Iterable[str]) -> list[errors.IpamError]:
    """Which of these fields this type of network always has (rule 2); a child its VRF, which it got."""
    always = {"vrf"} if network.is_child else set()
    return [_missing(network.type, name) for name in names if name in always or FIELDS[network.type][name] == REQUIRED]


def _is_given(value: object) -> bool:
    """Whether a field says anything; the number 0 does."""
    is_empty = isinstance(value, Sized) and len(value) == 0
    return not (value is None or value is False or value == NatType.NONE or is_empty)


def _missing(type_: str, name: str) -> errors.IpamError:
    if name == "default_child_prefix_length":
        return errors.MissingDefaultChildPrefixLength(
            "A super network says how long its children's prefixes are, for each family that it has.", field=name
        )
    return errors.Required(f"Networks of type {type_} need “{name}”.", field=name)


def _refused(type_: str, name: str) -> errors.IpamError:
    return errors.ForbiddenField(f"Networks of type {type_} do not take “{name}”. Leave it out.", field=name)


def _needless(name: str) -> errors.IpamError:
    detail = f"The prefixes are named, so nothing is left for “{name}” to choose. Leave one of the two out."
    return errors.ForbiddenField(detail, field=name)
