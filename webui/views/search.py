"""One box for everything."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain import search as domain
from webui.pages import show

_PER_KIND, _PER_KIND_IN_PANEL = 20, 5


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Hits as one types; a whole page opens the only hit, if there is just one."""
    text = request.GET.get("q", "").strip()[:255]
    hits = domain.find(text, limit=_PER_KIND_IN_PANEL if request.htmx else _PER_KIND)
    found = [(hit, _address_of(hit)) for hit in hits]
    if len(found) == 1 and not request.htmx:
        return redirect(found[0][1])
    groups = [(kind, list(group)) for kind, group in groupby(found, key=lambda pair: pair[0].kind)]
    return show(request, "search.html", {"query": text, "groups": groups, "count": len(found)}, part="hits")


def _address_of(hit: domain.Hit) -> str:
    """The page that shows it: a prefix is shown by its network."""
    if hit.kind == "addresses":
        return reverse("address", args=[hit.id])
    if hit.network:
        return reverse("network", args=[hit.network])
    if hit.kind == "machines":
        return reverse("machine", args=[hit.id])
    return reverse("registry-detail", args=[hit.kind, hit.id])
