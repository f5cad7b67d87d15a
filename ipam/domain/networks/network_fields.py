"""Which fields a network of each type needs, takes and refuses (rule 2), and what a request says in them."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.models import Network, Partition, Project
from ipam.models.networks import NatType, NetworkType

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
    "prefixes":                      [_R,      _R,       _R,    _R,         _N],
    "destination_prefixes":          [_O,      _N,       _O,    _O,         _N],
    "default_child_prefix_length":   [_N,      _N,       _R,    _R,         _N],
    "min_child_prefix_length":       [_N,      _N,       _O,    _O,         _N],
    "length":                        [_N,      _N,       _N,    _N,         _O],
    "address_family":                [_N,      _N,       _N,    _N,         _O],
    "vrf":                           [_R,      _N,       _O,    _O,         _O],
    "vrf_shared":                    [_O,      _N,       _O,    _O,         _O],
    "nat_type":                      [_O,      _N,       _O,    _O,         _N],
    "additional_announcable_cidrs":  [_N,      _N,       _O,    _O,         _N],
}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    type_: {name: row[column] for name, row in _FIELDS.items()}
    for column, types in enumerate(_TYPES)
    for type_ in types
}
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
    destination_prefixes: Sequence[IPNetwork] = ()
    default_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    min_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    additional_announcable_cidrs: Sequence[IPNetwork] = ()
    length: Mapping[Family, int] = field(default_factory=dict)
    address_family: Sequence[Family] = ()  # both for “dual-stack”; none: as many as there are
    vrf: int | None = None
    vrf_shared: bool = False
    nat_type: str = NatType.NONE

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
    return broken


def violations_of_changed_fields(network: Network, changes: Iterable[str]) -> list[errors.IpamError]:
    """Which of these fields this type of network never takes, also not later (rules 2 and 17)."""
    return [
        _refused(network.type, name)
        for name in changes
        if FIELDS[network.type].get(name) == REFUSED and not (network.is_child and name in _UPDATABLE_ON_CHILDREN)
    ]


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
