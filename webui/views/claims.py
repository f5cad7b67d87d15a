"""Claims: what controllers hold by a name, to look at; they claim and release over the API."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from ipam.domain.core import access
from ipam.domain.networks import allocations
from ipam.filters import ClaimFilters
from ipam.models import Claim, IPAddress
from webui import list_state
from webui.listing import listing
from webui.pages import render_page_or_part

COLUMNS = {"name": "name", "created": "created_at"}


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All claims, or those of a network or project, each with what it holds."""
    filters = ClaimFilters(request.GET, queryset=access.visible(Claim.objects.all()))
    found = listing(request, filters.qs if filters.is_valid() else Claim.objects.none(), COLUMNS)
    rows = Claim.objects.select_related("network", "project", "child").in_bulk([one.pk for one in found.rows])
    held = access.visible(IPAddress.objects.filter(allocation__in=[one.allocation for one in found.rows]))
    pairs = {pair.id: pair for pair in allocations.pair_up(list(held))}
    context = {
        "section": "addresses",
        "rows": [{"claim": rows[one.pk], "held": pairs.get(one.allocation)} for one in found.rows if one.pk in rows],
        "listing": found,
        "state": list_state.of_request(request, "claims"),
        "filters": filters,
    }
    return render_page_or_part(request, "claims.html", context, part="table")
