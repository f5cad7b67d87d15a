"""VRFs of NetBox, which its lists name by route distinguisher, by name or by both, and the VNIs that they have here."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ipam import errors
from ipam.addressing import shorten

GLOBAL = "Global"  # what NetBox calls the routing table of what has no VRF
_NAME_AND_DISTINGUISHER = re.compile(r"(.+) \((\S+)\)")  # as its pages write it


class Vrf(NamedTuple):
    """What a row says of a VRF: its route distinguisher may be missing, and so may the `key` that tells it apart
    from others of its name."""

    name: str
    rd: str = ""
    key: str = ""


class Vrfs:
    """The VRFs that are known, and the VNIs that a mapping gives for names and route distinguishers."""

    def __init__(self, vnis: Mapping[str, int]) -> None:
        self._vnis = vnis
        self._alike: dict[str, dict[str, str]] = {}  # name → key → route distinguisher
        self._names: dict[str, str] = {}  # route distinguisher → name

    def learn(self, found: Iterable[Vrf]) -> None:
        """Know these VRFs. Names that are known already have no others: the list of VRFs is better than references."""
        alike: dict[str, dict[str, str]] = defaultdict(dict)
        for one in found:
            if one.key:
                alike[one.name][one.key] = one.rd
            if one.rd:
                self._names[one.rd] = one.name
        self._alike = {**alike, **self._alike}

    def read(self, cell: Any) -> Vrf:
        """What a row refers to; no name when it is the global table."""
        if isinstance(cell, dict):
            name, rd, id = (str(cell.get(key) or "").strip() for key in ("name", "rd", "id"))
            return Vrf(name or rd, rd, rd or id)
        text = str(cell or "").strip()
        if text == GLOBAL and text not in self._alike:
            return Vrf("")
        is_known = text in self._vnis or text in self._alike or text in self._names
        if not is_known and (both := _NAME_AND_DISTINGUISHER.fullmatch(text)):
            return Vrf(both[1], both[2], both[2])
        return Vrf(text)

    def vni(self, vrf: Vrf) -> int | None:
        """Its VNI; of the global table none, unless the mapping has one. Invalid when the name means two VRFs,
        NotFound when the mapping has no VNI for it."""
        if not vrf.name:
            return self._vnis.get(GLOBAL)
        name, rd = vrf.name, vrf.rd
        if not rd and name in self._names:
            name, rd = self._names[name], name
        alike = self._alike.get(name, {})
        if not rd and len(alike) == 1:
            (rd,) = alike.values()
        if rd in self._vnis:
            return self._vnis[rd]
        if len(alike) > 1:
            raise errors.Invalid(
                f"two VRFs have the name “{shorten(name)}”. Name them by route distinguisher in the mapping, in quotes."
            )
        if name not in self._vnis:
            raise errors.NotFound(f"the mapping says no VNI for VRF “{shorten(name)}”. Add it under “vrfs”.")
        return self._vnis[name]
