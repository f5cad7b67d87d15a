"""The geometry of a map, and what both of its pictures share: the colours of holders, a pair that is joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, zip_longest

from netaddr import IPAddress, IPNetwork

from ipam.addressing import Family
from ipam.domain.space.prefix_map import Cell
from webui.map_colours import Colouring
from webui.map_holders import Holder
from webui.meters import percent
from webui.pages import Context

SIDE = 16  # squares per row: an octet of IPv4, two nibbles of IPv6 per zoom
_SHOWN_HOLDERS = 32
# Of labels, in squares: where they begin and end, and how wide letters are; what is not told is as wide as most.
_LETTER, _MARGINS = 0.42, 0.4
_EMS = dict.fromkeys("fijlrtI.,:;|'!()[]-1 ", 0.38) | dict.fromkeys("mwMW@%…", 0.9)


@dataclass(frozen=True)
class Square:
    """A cell that nobody holds as a whole, at its place in the grid: where it leads, and what it says."""

    x: int
    y: int
    cell: Cell
    link: str

    @property
    def label(self) -> str:
        return f"{self.cell.cidr}: " + (
            f"{percent(self.cell.used)} taken" if self.cell.state == "partial" else self.cell.state
        )


@dataclass(frozen=True)
class Shape:
    """A holder as a rectangle over the squares that it fills: aligned blocks always fill rectangles."""

    x: int
    y: int
    width: int
    height: int
    holder: Holder

    @property
    def name(self) -> str:
        """As much of the label as fits into the rectangle; nothing where that would be less than three letters."""
        label, room = self.holder.label, self.width - _MARGINS
        if self.width < 2 or _wide(label) <= room:
            return label if self.width > 1 else ""
        length = sum(end <= room for end in accumulate(map(_wide, label), initial=_wide("…"))) - 1
        return f"{label[:length]}…" if length > 2 else ""

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def _wide(text: str) -> float:
    """How many squares a text takes, at most."""
    ems = (_EMS.get(one, 0.6 if one.islower() or one.isdigit() else 0.72 if one < "⺀" else 1.0) for one in text)
    return sum(ems) * _LETTER


def shape(holder: Holder, cells: Sequence[Cell]) -> Shape:
    """The rectangle of a holder, cut to what is in sight."""
    start, width = cells[0].cidr.first, cells[0].cidr.size
    first = max(0, (holder.cidr.first - start) // width)
    count = min(len(cells) - 1, (holder.cidr.last - start) // width) - first + 1
    return Shape(first % SIDE, first // SIDE, min(count, SIDE), -(-count // SIDE), holder)


def runs(lengths: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Free blocks by prefix length as (first, last, number of each): lengths in a row that have as many are one."""
    found: list[tuple[int, int, int]] = []
    for length, number in sorted(lengths.items()):
        first, last, before = found[-1] if found else (0, 0, 0)
        if (last + 1, before) == (length, number):
            found[-1] = (first, length, number)
        else:
            found.append((length, length, number))
    return found


def places(one: Shape) -> list[tuple[int, int]]:
    return [(y, x) for y in range(one.y, one.y + one.height) for x in range(one.x, one.x + one.width)]


def ring(look: IPAddress, whole: IPNetwork, cell_length: int) -> tuple[float, float] | None:
    """The middle of the square in which an address lies; None outside of the picture."""
    if look not in whole:
        return None
    number = (int(look) - whole.first) >> (Family.of(whole).bits - cell_length)
    return number % SIDE + 0.5, number // SIDE + 0.5


@dataclass(frozen=True)
class Joint:
    """A pair of which both halves are in sight: the rectangles, and the line that joins them across the gutter."""

    pair: tuple[Shape, Shape]
    rows: int
    is_ringed: bool

    @property
    def path(self) -> str:
        left, right = (one.middle for one in self.pair)
        return f"M0 {left}C5 {left} 5 {right} 10 {right}"


def together(grids: Sequence[Context], colouring: Colouring) -> Context:
    """What both pictures share: what has which colour, a pair that is joined, and who is in sight."""
    colours, legend = colouring.colours([[one.holder for one in grid["shapes"]] for grid in grids])

    def colour(holder: Holder) -> int:
        return colours.get(colouring.of(holder), 0)

    joint = _joint(grids)
    for place, grid in enumerate(grids):
        by_colour = sorted(grid["shapes"], key=lambda one: colour(one.holder))
        groups = groupby(by_colour, key=lambda one: colour(one.holder))
        grid["groups"] = [(number, list(group)) for number, group in groups]
        grid["lit"] = joint.pair[place] if joint else None
    rows = _in_sight(grids)
    return {
        "legend": legend,
        "joint": joint,
        "is_taken": any(grid["taken"] for grid in grids),
        "rows": [(colour(known), known, row) for known, row in rows[:_SHOWN_HOLDERS]],
        "hidden_rows": max(0, len(rows) - _SHOWN_HOLDERS),
    }


def _joint(grids: Sequence[Context]) -> Joint | None:
    """The pair around what was searched for, or else the first; None where no pair is in sight."""
    if len(grids) != len(Family):
        return None
    first, second = ({one.holder.link: one for one in reversed(grid["shapes"])} for grid in grids)
    both = [(one, second[link]) for link, one in reversed(first.items()) if link in second]
    ringed = [pair for pair in both if _is_ringed(pair, grids)]
    chosen = next(iter(ringed or both), None)
    return Joint(chosen, max(grid["rows"] for grid in grids), bool(ringed)) if chosen else None


def _is_ringed(pair: tuple[Shape, Shape], grids: Sequence[Context]) -> bool:
    return any(grid["ring"] and _holds(one, grid["ring"]) for one, grid in zip(pair, grids, strict=True))


def _holds(one: Shape, point: tuple[float, float]) -> bool:
    return one.x < point[0] < one.x + one.width and one.y < point[1] < one.y + one.height


def _in_sight(grids: Sequence[Context]) -> list[tuple[Holder, tuple[Holder | None, ...]]]:
    """Who is in sight: its blocks of both families beside each other, and one by which it is known."""
    held: dict[str, list[list[Holder]]] = {}
    for place, grid in enumerate(grids):
        for one in grid["holders"]:
            held.setdefault(one.link, [[] for _ in grids])[place].append(one)
    rows = [row for blocks in held.values() for row in zip_longest(*blocks)]
    return [(next(one for one in row if one), row) for row in rows]
