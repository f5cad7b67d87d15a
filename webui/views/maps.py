"""The picture of a network: both families as grids at the same zoom, drawn from a few statements at any size."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, lookups
from ipam.domain.insight import series
from ipam.domain.space import prefix_map
from ipam.models import Network, Prefix, Project
from ipam.values import parse_address, parse_cidr
from webui import free_squares, map_colours, map_holders, map_picture
from webui.map_colours import Colouring
from webui.map_holders import Holder
from webui.map_moments import Moments
from webui.map_picture import SIDE, Square
from webui.pages import Context, asked, moment_of, render_page_or_part
from webui.views.families import missing_family

SQUARES = SIDE * SIDE
ZOOM = SQUARES.bit_length() - 1  # bits of prefix length per zoom
_SHOWN_PREFIXES = 20
# Parameters, while another one changes.
_KEPT = (*(family.key for family in Family), "namespace", "at", "look", "colour")
Drawn = tuple[Prefix, IPNetwork]  # a prefix, and the block of it that is in sight


@dataclass(frozen=True)
class Picture:
    """A prefix, the block of it that is in sight, who holds what there, and the span of all that is taken."""

    prefix: Prefix
    whole: IPNetwork
    drawing: prefix_map.Drawing
    holders: list[Holder]
    span: IPNetwork | None


@login_required
def network_map(request: HttpRequest, pk: str) -> HttpResponse:
    """Each family's prefix, or the block of it that was zoomed into, as 256 squares."""
    network = lookups.get(Network, pk, among=series.with_changes(Network.objects.all()))
    namespaces = _namespaces(network)
    namespace, at, look = _namespace(request, namespaces), moment_of(request), _look(request)
    colouring = Colouring.parse(asked(request, "colour"))
    prefixes = list(network.prefixes.select_related("network").in_order())
    pictures = list(_pictures(request, prefixes, namespace, at, look))
    grids = [_grid(request, picture, prefixes, look) for picture in pictures]
    view = _view(request, grids, namespace, colouring)
    context = {
        "section": "networks",
        "network": network,
        "grids": grids,
        "missing": missing_family(network, [grid["family"] for grid in grids]),
        "namespaces": namespaces,
        "namespace": namespace,
        "at": at,
        "look": look,
        "view": view,
        "share": request.build_absolute_uri(f"?{urlencode(view, safe='/:')}"),
        "colourings": map_colours.offered(colouring, [one for picture in pictures for one in picture.holders]),
        "colouring": colouring,
        "moments": Moments.of(series.days_of_change(network), at),
        **map_picture.together(grids, colouring),
    }
    if "mini" in request.GET:
        return render(request, "networks/mini_map.html", context)
    return render_page_or_part(request, "networks/map.html", context, part="maps")


def _view(
    request: HttpRequest, grids: list[Context], namespace: UUID | None, colouring: Colouring
) -> dict[str, object]:
    """The parameters that say all of what is shown, so that whoever gets the link sees just this."""
    shown = {grid["family"].key: grid["whole"] for grid in grids}
    rest = {"namespace": namespace, "at": asked(request, "at"), "look": asked(request, "look")}
    return shown | {name: value for name, value in rest.items() if value} | {"colour": colouring}


def _pictures(
    request: HttpRequest,
    prefixes: list[Prefix],
    namespace: UUID | None,
    at: datetime | None,
    look: IPAddress | None,
) -> Iterator[Picture]:
    """What is drawn of each family, and who holds what there."""
    anchors = _anchors(request, prefixes, look)
    families = sorted({one.address_family for one in prefixes})
    chosen = [_choose(request, family, prefixes, anchors.get(family)) for family in families]
    deep = [prefix.pk for prefix, block in chosen if block.prefixlen >= prefix.address_family.bits - ZOOM]
    spans = prefix_map.taken_spans([one for one, _ in chosen if one.pk not in deep], namespace)
    held_by = map_holders.then(namespace, at) if at else map_holders.now(namespace)
    for prefix, asked_for in chosen:
        span = spans.get(prefix.pk)
        whole = _opened(request, prefix, asked_for, span)
        drawing = prefix_map.of_prefix(prefix, cells=SQUARES, within=whole, namespace=namespace, at=at)
        yield Picture(prefix, whole, drawing, held_by(prefix, whole, drawing.cells), None if at else span)


def _anchors(request: HttpRequest, prefixes: list[Prefix], look: IPAddress | None) -> dict[Family, IPAddress]:
    """What has to be in sight: of addresses what was looked for and its partner, or else the first of the pairs."""
    found = {Family.of(look): look} if look else {}
    if not prefixes or prefixes[0].network.is_super:
        return found
    family = Family.of(look) if look else prefixes[0].address_family
    if family not in {one.address_family for one in prefixes}:
        return found
    around = _choose(request, family, prefixes, look)[1]
    is_open = around.size > SQUARES or request.GET.get(family.other.key)
    partner = None if is_open else map_holders.partner(prefixes[0].network, around, look)
    return found | ({Family.of(partner): partner} if partner else {})


def _look(request: HttpRequest) -> IPAddress | None:
    """The address that was searched for, to be ringed."""
    try:
        return parse_address(text) if (text := asked(request, "look")) else None
    except ValueError as error:
        raise errors.Invalid(str(error), field="look") from None


def _opened(request: HttpRequest, prefix: Prefix, asked_for: IPNetwork, span: IPNetwork | None) -> IPNetwork:
    """What is drawn at first: of an IPv6 prefix what is taken, for all of it is an empty field with one speck."""
    if prefix.address_family is Family.IPV4 or request.GET.get(prefix.address_family.key):
        return asked_for
    return _deepest(prefix, asked_for, span) or asked_for


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


def _choose(request: HttpRequest, family: Family, prefixes: list[Prefix], anchor: IPAddress | None) -> Drawn:
    """The prefix of the family that is drawn, and the block of it that was zoomed into; else, of addresses, that in
    which the anchor is a square.
    """
    candidates = [prefix for prefix in prefixes if prefix.family == family]
    zoomed = _block(request.GET.get(family.key, ""))
    wanted = zoomed or anchor
    prefix = next((one for one in candidates if wanted is not None and wanted in one.cidr), candidates[0])
    if zoomed is not None and zoomed in prefix.cidr:
        return prefix, zoomed
    if anchor and anchor in prefix.cidr and not prefix.network.is_super:
        return prefix, IPNetwork((int(anchor), max(prefix.length, family.bits - ZOOM)), version=int(family)).cidr
    return prefix, prefix.cidr


def _grid(request: HttpRequest, drawn: Picture, prefixes: list[Prefix], look: IPAddress | None) -> Context:
    prefix, whole, family, cells = drawn.prefix, drawn.whole, drawn.prefix.address_family, drawn.drawing.cells
    shapes = [map_picture.shape(holder, cells) for holder in drawn.holders]
    is_now = not ({"at", "mini"} & request.GET.keys())
    takes_from = prefix.network if is_now and access.may_take_from(prefix.network) else None
    covered = {y * SIDE + x for shape in shapes for y, x in map_picture.places(shape)}
    siblings = [one for one in prefixes if one.family == family]
    length = cells[0].cidr.prefixlen
    return {
        "family": family,
        "whole": whole,
        "cell_length": length,
        "rows": -(-len(cells) // SIDE),
        "trail": [(step, _zoom(request, family, step)) for step in _trail(prefix.cidr, whole)],
        "prefixes": [(one, _zoom(request, family, one.cidr)) for one in siblings[:_SHOWN_PREFIXES]],
        "squares": [_square(request, n, cell, takes_from) for n, cell in enumerate(cells) if n not in covered],
        "shapes": shapes,
        "ring": look and map_picture.ring(look, whole, length),
        "taken": sum(cell.state in ("partial", "full") for cell in cells),
        "count": len(cells),
        "free_lengths": map_picture.runs(drawn.drawing.free_lengths),
        "holders": drawn.holders,
        "jump": _jump(request, family, prefix, whole, drawn.span),
    }


def _block(text: str) -> IPNetwork | None:
    try:
        return parse_cidr(text).cidr if text else None
    except ValueError as error:
        raise errors.InvalidCidr(f"{error} Zoom by clicking a square.") from None


def _square(request: HttpRequest, number: int, cell: prefix_map.Cell, takes_from: Network | None) -> Square:
    """A partly taken square zooms in, a free one is there to be taken; elsewhere there is nothing more to see."""
    link = _zoom(request, Family.of(cell.cidr), cell.cidr) if cell.state == "partial" else ""
    if cell.state == "free" and takes_from:
        link = free_squares.link_to(takes_from, cell.cidr)
    return Square(number % SIDE, number // SIDE, cell, link)


def _jump(
    request: HttpRequest, family: Family, prefix: Prefix, whole: IPNetwork, span: IPNetwork | None
) -> tuple[IPNetwork, str] | None:
    target = _deepest(prefix, whole, span)
    return target and (target, _zoom(request, family, target))


def _deepest(prefix: Prefix, whole: IPNetwork, span: IPNetwork | None) -> IPNetwork | None:
    """The deepest zoom that shows all that is taken and some of what is not, if deeper than what is shown."""
    if span is None:
        return None
    deepest = prefix.address_family.bits - ZOOM
    length = min(deepest, prefix.length + max(0, span.prefixlen - prefix.length - 1) // ZOOM * ZOOM)
    return IPNetwork((span.first, length), version=prefix.family).cidr if length > whole.prefixlen else None


def _trail(outermost: IPNetwork, innermost: IPNetwork) -> list[IPNetwork]:
    """The way from the whole prefix to what is shown, a zoom at a time."""
    steps = range(outermost.prefixlen, innermost.prefixlen, ZOOM)
    return [IPNetwork((innermost.first, length), version=innermost.version).cidr for length in steps] + [innermost]


def _zoom(request: HttpRequest, family: Family, cidr: IPNetwork) -> str:
    """A link that zooms one family; the other, the project of a namespaced super and the moment stay as they are."""
    names = [name for name in _KEPT if name != family.key]
    kept = [f"&{name}={quote(value, safe='/:')}" for name in names if (value := request.GET.get(name))]
    return f"?{family.key}={cidr}" + "".join(kept)
