"""The picture of a network: both families as grids at the same zoom."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, host, parse_cidr
from ipam.domain import lookups, prefix_map
from ipam.models import IPAddress, Network, Prefix
from webui.meters import percent
from webui.pages import show

SIDE = 16  # squares per row: an octet of IPv4, two nibbles of IPv6 per zoom
SQUARES = SIDE * SIDE


@dataclass(frozen=True)
class Holder:
    """What holds a block in sight: a child network, or at the last zoom an allocation. Partners share a `key`."""

    cidr: IPNetwork
    label: str
    link: str
    key: str


@dataclass(frozen=True)
class Square:
    """A cell at its place in the grid: where it leads, and what it says."""

    x: int
    y: int
    cell: prefix_map.Cell
    link: str
    label: str
    partner: str = ""

    @property
    def opacity(self) -> str:
        """How dark a partly taken square is drawn; the others have it from their class."""
        return f"{0.2 + 0.6 * self.cell.used:.2f}" if self.cell.state == "partial" else ""


@login_required
def network_map(request: HttpRequest, pk: str) -> HttpResponse:
    """Each family's prefix, or the block of it that was zoomed into, as 256 squares."""
    network = lookups.get(Network, pk)
    prefixes = list(network.prefixes.select_related("network").in_order())
    grids = [
        _grid(request, family, [prefix for prefix in prefixes if prefix.family == family])
        for family in sorted({prefix.address_family for prefix in prefixes})
    ]
    return show(request, "networks/map.html", {"section": "networks", "network": network, "grids": grids})


def _grid(request: HttpRequest, family: Family, prefixes: list[Prefix]) -> dict[str, Any]:
    zoomed = _block(request.GET.get(family.key, ""))
    prefix = next((one for one in prefixes if zoomed is not None and zoomed in one.cidr), prefixes[0])
    whole = zoomed if zoomed is not None and zoomed in prefix.cidr else prefix.cidr
    cells = prefix_map.of_prefix(prefix, cells=SQUARES, within=whole)
    holders = _by_cell(
        _children(prefix, whole, cells[0].cidr.prefixlen) if prefix.network.is_super else _addresses(prefix, cells),
        cells,
    )
    others = _others(request, family)
    return {
        "family": family,
        "prefixes": [(one, _zoom(family, one.cidr, others)) for one in prefixes],
        "whole": whole,
        "cell_length": cells[0].cidr.prefixlen,
        "rows": -(-len(cells) // SIDE),
        "columns": min(SIDE, len(cells)),
        "trail": [(step, _zoom(family, step, others)) for step in _trail(prefix.cidr, whole)],
        "squares": [_square(family, number, cell, holders.get(number), others) for number, cell in enumerate(cells)],
        "taken": sum(cell.state in ("partial", "full") for cell in cells),
    }


def _block(text: str) -> IPNetwork | None:
    try:
        return parse_cidr(text).cidr if text else None
    except ValueError as error:
        raise errors.InvalidCidr(f"{error} Zoom by clicking a square.") from None


def _square(family: Family, number: int, cell: prefix_map.Cell, holder: Holder | None, others: str) -> Square:
    """Inside a holder the square leads to the holder's page; elsewhere it zooms in, as far as there is more to see."""
    x, y = number % SIDE, number // SIDE
    if holder is not None:
        return Square(x, y, cell, holder.link, f"{cell.cidr}: {holder.label}", holder.key)
    label = f"{cell.cidr}: " + (f"{percent(cell.used)} taken" if cell.state == "partial" else cell.state)
    link = "" if cell.cidr.prefixlen == family.bits else _zoom(family, cell.cidr, others)
    return Square(x, y, cell, link, label)


def _by_cell(holders: list[Holder], cells: list[prefix_map.Cell]) -> dict[int, Holder]:
    """The holder of each cell that lies wholly in one, by the number of the cell."""
    start, width = cells[0].cidr.first, cells[0].cidr.size
    found: dict[int, Holder] = {}
    for holder in holders:
        if holder.cidr.size >= width:
            first = max(0, (holder.cidr.first - start) // width)
            last = min(len(cells) - 1, (holder.cidr.last - start) // width)
            found.update(dict.fromkeys(range(first, last + 1), holder))
    return found


def _children(prefix: Prefix, whole: IPNetwork, length: int) -> list[Holder]:
    """The largest child prefixes in sight; no more than there are squares to fill."""
    found = prefix_map.children_in_sight(prefix, whole, length).select_related("network")
    return [
        Holder(one.cidr, str(one.network), reverse("network", args=[one.network_id]), one.network_id)
        for one in found[:SQUARES]
    ]


def _addresses(prefix: Prefix, cells: list[prefix_map.Cell]) -> list[Holder]:
    """Who holds which address, once a square is a single address."""
    if cells[0].cidr.size > 1:
        return []
    held = IPAddress.objects.filter(
        prefix=prefix, address__gte=cells[0].cidr.ip, address__lte=cells[-1].cidr.ip
    ).select_related("machine", "project")
    return [
        Holder(
            host(one.address),
            f"{one.name or 'taken'}, {one.machine or one.project}",
            reverse("machine", args=[one.machine_id]) if one.machine_id else reverse("release", args=[one.allocation]),
            str(one.allocation),
        )
        for one in held
    ]


def _trail(outermost: IPNetwork, innermost: IPNetwork) -> list[IPNetwork]:
    """The way from the whole prefix to what is shown, a zoom at a time."""
    steps = range(outermost.prefixlen, innermost.prefixlen, SQUARES.bit_length() - 1)
    return [IPNetwork((innermost.first, length), version=innermost.version).cidr for length in steps] + [innermost]


def _others(request: HttpRequest, family: Family) -> str:
    """The zoom of the other family, which stays where it is."""
    other = request.GET.get(family.other.key, "")
    block = _block(other)
    return f"&{family.other.key}={block}" if block is not None else ""


def _zoom(family: Family, cidr: IPNetwork, others: str) -> str:
    return f"?{family.key}={cidr}{others}"
