"""One box for everything."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from netaddr import IPNetwork

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.domain.networks import search as domain
from ipam.links import link
from ipam.values import parse_cidr
from webui import palette
from webui.pages import asked, asks_for_part, render_page_or_part
from webui.views.maps import ZOOM

_PER_KIND, _PER_KIND_IN_PANEL = 20, 5


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Hits as one types, and what can be done; Enter opens what is meant beyond doubt, else all, as `?all=1` does."""
    text, in_panel = asked(request, "q")[:255], asks_for_part(request)
    hits = domain.find(text, limit=_PER_KIND_IN_PANEL if in_panel else _PER_KIND)
    commands = palette.commands(text) if in_panel or not hits else []
    if not in_panel and "all" not in request.GET:
        meant = domain.the_one(hits, text)
        page = _page_of(meant, text) if meant else commands[0].link if text and len(commands) == 1 else ""
        if page:
            return redirect(page)
    found = [(hit, _page_of(hit, text)) for hit in hits]
    groups = [(kind, list(group)) for kind, group in groupby(found, key=lambda pair: pair[0].kind)]
    context = {"query": text, "groups": groups, "count": len(found), "commands": commands if text or in_panel else []}
    return render_page_or_part(request, "search.html", context, part="hits")


def _page_of(hit: domain.Hit, text: str) -> str:
    """The page that shows it. A prefix is shown by its map, near the address that was asked for."""
    if hit.kind == "addresses":
        return link("address", hit.id) if hit.id else link("address-state", hit.text)
    if hit.kind == "prefixes" and not hit.id:
        return link("block-state", hit.text)
    if hit.kind == "prefixes":
        prefix = parse_cidr(hit.text)
        block = block_of(text) or prefix
        length = max(prefix.prefixlen, min(block.prefixlen, Family.of(prefix).bits - ZOOM))
        shown = IPNetwork((block.first, length), version=prefix.version).cidr if block in prefix else prefix
        look = f"&look={block.ip}" if block.size == 1 and block in prefix else ""
        return f"{link('map', hit.network)}?{Family.of(prefix).key}={shown}{look}"
    if hit.kind == "networks":
        return link("network", hit.network)
    if hit.kind in ("machines", "clusters"):
        return link(hit.kind.removesuffix("s"), hit.id)
    return link("registry-detail", hit.kind, hit.id)
