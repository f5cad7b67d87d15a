"""One box for everything."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from netaddr import IPNetwork

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.domain.networks import search as domain
from ipam.values import parse_cidr
from webui.pages import asks_for_part, render_page_or_part
from webui.views.maps import ZOOM

_PER_KIND, _PER_KIND_IN_PANEL = 20, 5


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Hits as one types; Enter opens the one that is meant beyond doubt, else all, as `?all=1` does."""
    text, in_panel = request.GET.get("q", "").strip()[:255], asks_for_part(request)
    hits = domain.find(text, limit=_PER_KIND_IN_PANEL if in_panel else _PER_KIND)
    if not in_panel and "all" not in request.GET and (meant := domain.the_one(hits, text)):
        return redirect(_page_of(meant, text))
    found = [(hit, _page_of(hit, text)) for hit in hits]
    groups = [(kind, list(group)) for kind, group in groupby(found, key=lambda pair: pair[0].kind)]
    return render_page_or_part(
        request, "search.html", {"query": text, "groups": groups, "count": len(found)}, part="hits"
    )


def _page_of(hit: domain.Hit, text: str) -> str:
    """The page that shows it. A prefix is shown by its map, near the address that was asked for."""
    if hit.kind == "addresses":
        return reverse("address", args=[hit.id])
    if hit.kind == "prefixes":
        prefix = parse_cidr(hit.text)
        asked = block_of(text) or prefix
        length = max(prefix.prefixlen, min(asked.prefixlen, Family.of(prefix).bits - ZOOM))
        shown = IPNetwork((asked.first, length), version=prefix.version).cidr if asked in prefix else prefix
        return f"{reverse('map', args=[hit.network])}?{Family.of(prefix).key}={shown}"
    if hit.kind == "networks":
        return reverse("network", args=[hit.network])
    if hit.kind in ("machines", "clusters"):
        return reverse(hit.kind.removesuffix("s"), args=[hit.id])
    return reverse("registry-detail", args=[hit.kind, hit.id])
