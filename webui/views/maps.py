"""The picture of a network: both families as grids at the same zoom, drawn from a few statements at any size."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, host
from ipam.domain.core import access, lookups
from ipam.domain.space import prefix_map
from ipam.models import IPAddress, Network, Prefix, Project
from ipam.values import parse_cidr
from webui.meters import percent
from webui.pages import Context, render_page_or_part

SIDE = 16  # squares per row: an octet of IPv4, two nibbles of IPv6 per zoom
SQUARES = SIDE * SIDE
ZOOM = SQUARES.bit_length() - 1  # bits of prefix length per zoom
_SHOWN_HOLDERS, _SHOWN_PREFIXES = 40, 20
_LETTERS_PER_SQUARE = 3.7


@dataclass(frozen=True)
class Holder:
    """What holds a block in sight: a child network, or at the last zoom an allocation. Partners share a `key`."""

    cidr: IPNetwork
    label: str
    link: str
    key: str
    detail: str = ""


@dataclass(frozen=True)
class Square:
    """A cell that nobody holds as a whole, at its place in the grid: where it leads, and what it says."""

    x: int
    y: int
    cell: prefix_map.Cell
    link: str

    @property
    def label(self) -> str:
        return f"{self.cell.cidr}: " + (
            f"{percent(self.cell.used)} taken" if self.cell.state == "partial" else self.cell.state
        )

    @property
    def opacity(self) -> str:
        """How dark a partly taken square is drawn; the others have it from their class."""
        return f"{0.2 + 0.6 * self.cell.used:.2f}" if self.cell.state == "partial" else ""


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
        """As much of the label as fits into the rectangle."""
        room = int(self.width * _LETTERS_PER_SQUARE)
        label = self.holder.label
        return label if len(label) <= room else f"{label[: room - 1]}…" if room > 4 else ""

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@login_required
def network_map(request: HttpRequest, pk: str) -> HttpResponse:
    """Each family's prefix, or the block of it that was zoomed into, as 256 squares."""
    network = lookups.get(Network, pk)
    namespaces = _namespaces(network)
    namespace = _namespace(request, namespaces)
    prefixes = list(network.prefixes.select_related("network").in_order())
    drawn = [_choose(request, family, prefixes) for family in sorted({one.address_family for one in prefixes})]
    spans = prefix_map.taken_spans([prefix for prefix, _ in drawn], namespace)
    grids = [_grid(request, prefix, whole, spans.get(prefix.pk), namespace) for prefix, whole in drawn]
    for grid in grids:
        siblings = [one for one in prefixes if one.family == grid["family"]]
        grid["prefixes"] = [(one, _zoom(request, one.address_family, one.cidr)) for one in siblings[:_SHOWN_PREFIXES]]
    context = {
        "section": "networks",
        "network": network,
        "grids": grids,
        "namespaces": namespaces,
        "namespace": namespace,
    }
    return render_page_or_part(request, "networks/map.html", context, part="maps")


def _namespace(request: HttpRequest, namespaces: list[Project]) -> UUID | None:
    """The project whose copy of a namespaced super is drawn; the first that has taken from it if none is named."""
    if not namespaces:
        return None
    asked = request.GET.get("namespace", "")
    known = next((one.pk for one in namespaces if str(one.pk) == asked), None)
    return known or (lookups.get(Project, asked, field="namespace").pk if asked else namespaces[0].pk)


def _namespaces(network: Network) -> list[Project]:
    if not network.is_namespaced:
        return []
    taken = access.visible(Project.objects.filter(pk__in=network.children.values("namespace")))
    return list(taken.order_by("name")[:100])


def _choose(request: HttpRequest, family: Family, prefixes: list[Prefix]) -> tuple[Prefix, IPNetwork]:
    """The prefix of the family that is drawn, and the block of it that was zoomed into."""
    candidates = [prefix for prefix in prefixes if prefix.family == family]
    zoomed = _block(request.GET.get(family.key, ""))
    prefix = next((one for one in candidates if zoomed is not None and zoomed in one.cidr), candidates[0])
    return prefix, zoomed if zoomed is not None and zoomed in prefix.cidr else prefix.cidr


def _grid(
    request: HttpRequest, prefix: Prefix, whole: IPNetwork, span: IPNetwork | None, namespace: UUID | None
) -> Context:
    family = prefix.address_family
    drawing = prefix_map.of_prefix(prefix, cells=SQUARES, within=whole, namespace=namespace)
    cells = drawing.cells
    holders = _children(prefix, whole, cells, namespace) if prefix.network.is_super else _addresses(prefix, cells)
    shapes = [_shape(holder, cells) for holder in holders]
    covered = {y * SIDE + x for shape in shapes for y, x in _places(shape)}
    return {
        "family": family,
        "whole": whole,
        "cell_length": cells[0].cidr.prefixlen,
        "rows": -(-len(cells) // SIDE),
        "columns": min(SIDE, len(cells)),
        "trail": [(step, _zoom(request, family, step)) for step in _trail(prefix.cidr, whole)],
        "squares": [_square(request, n, cell) for n, cell in enumerate(cells) if n not in covered],
        "shapes": shapes,
        "taken": sum(cell.state in ("partial", "full") for cell in cells),
        "count": len(cells),
        "free_lengths": sorted(drawing.free_lengths.items()),
        "holders": holders[:_SHOWN_HOLDERS],
        "hidden_holders": max(0, len(holders) - _SHOWN_HOLDERS),
        "jump": _jump(request, family, prefix, whole, span),
    }


def _block(text: str) -> IPNetwork | None:
    try:
        return parse_cidr(text).cidr if text else None
    except ValueError as error:
        raise errors.InvalidCidr(f"{error} Zoom by clicking a square.") from None


def _square(request: HttpRequest, number: int, cell: prefix_map.Cell) -> Square:
    """A partly taken square zooms in; elsewhere there is nothing more to see."""
    link = _zoom(request, Family.of(cell.cidr), cell.cidr) if cell.state == "partial" else ""
    return Square(number % SIDE, number // SIDE, cell, link)


def _shape(holder: Holder, cells: list[prefix_map.Cell]) -> Shape:
    """The rectangle of a holder, cut to what is in sight."""
    start, width = cells[0].cidr.first, cells[0].cidr.size
    first = max(0, (holder.cidr.first - start) // width)
    count = min(len(cells) - 1, (holder.cidr.last - start) // width) - first + 1
    return Shape(first % SIDE, first // SIDE, min(count, SIDE), -(-count // SIDE), holder)


def _places(shape: Shape) -> list[tuple[int, int]]:
    return [(y, x) for y in range(shape.y, shape.y + shape.height) for x in range(shape.x, shape.x + shape.width)]


def _children(prefix: Prefix, whole: IPNetwork, cells: list[prefix_map.Cell], namespace: UUID | None) -> list[Holder]:
    """The child prefixes that fill whole squares, lowest first; no more than there are squares."""
    in_sight = prefix_map.children_in_sight(prefix, whole, cells[0].cidr.prefixlen).filter(namespace=namespace)
    holders = [
        Holder(
            one.cidr,
            str(one.network),
            reverse("network", args=[one.network_id]),
            one.network_id,
            str(one.network.project),
        )
        for one in access.visible(in_sight).select_related("network__project")[:SQUARES]
    ]
    return sorted(holders, key=lambda holder: holder.cidr.first)


def _addresses(prefix: Prefix, cells: list[prefix_map.Cell]) -> list[Holder]:
    """Who holds which address, once a square is a single address."""
    if cells[0].cidr.size > 1:
        return []
    in_sight = IPAddress.objects.filter(prefix=prefix, address__gte=cells[0].cidr.ip, address__lte=cells[-1].cidr.ip)
    return [
        Holder(
            host(one.address),
            one.name or "taken",
            reverse("address", args=[one.pk]),
            str(one.allocation),
            str(one.machine or one.project),
        )
        for one in access.visible(in_sight).select_related("machine", "project").order_by("address")
    ]


def _jump(
    request: HttpRequest, family: Family, prefix: Prefix, whole: IPNetwork, span: IPNetwork | None
) -> tuple[IPNetwork, str] | None:
    """The deepest zoom that still shows all that is taken, where that is deeper than what is shown: an IPv6 prefix
    is so large that its first look is an empty field with one speck."""
    if span is None:
        return None
    deepest = family.bits - ZOOM
    length = min(deepest, prefix.length + (span.prefixlen - prefix.length) // ZOOM * ZOOM)
    if length <= whole.prefixlen:
        return None
    target = IPNetwork((span.first, length), version=family.value).cidr
    return target, _zoom(request, family, target)


def _trail(outermost: IPNetwork, innermost: IPNetwork) -> list[IPNetwork]:
    """The way from the whole prefix to what is shown, a zoom at a time."""
    steps = range(outermost.prefixlen, innermost.prefixlen, ZOOM)
    return [IPNetwork((innermost.first, length), version=innermost.version).cidr for length in steps] + [innermost]


def _zoom(request: HttpRequest, family: Family, cidr: IPNetwork) -> str:
    """A link that zooms one family; the other, and the project of a namespaced super, stay as they are."""
    kept = [f"&{name}={value}" for name in (family.other.key, "namespace") if (value := request.GET.get(name))]
    return f"?{family.key}={cidr}" + "".join(kept)
