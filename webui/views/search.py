"""One box for everything."""

from itertools import groupby
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from netaddr import IPNetwork

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.domain.networks import search as domain
from ipam.links import link
from ipam.models import Prefix
from ipam.values import parse_cidr
from webui import palette
from webui.pages import asked, asks_for_part, render_page_or_part
from webui.verbs import Command
from webui.views.maps import ZOOM

_PER_KIND, _PER_KIND_IN_PANEL = 20, 5


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Hits as one types, and what can be done with them; Enter opens what is meant beyond doubt, else all, as `?all=1`
    does. With nothing typed it is what can be done on the page where one is."""
    text, in_panel = asked(request, "q")[:255], asks_for_part(request)
    wanted, hits = _found(text, limit=_PER_KIND_IN_PANEL if in_panel else _PER_KIND)
    prefixes = _prefixes_of(hits)
    done, general = palette.of_hits(wanted, hits, prefixes), palette.commands(text)
    if text and not in_panel and "all" not in request.GET:
        page = _meant(wanted, hits, done, general, text)
        if page:
            return redirect(page)
    here = palette.of_page(_page_below(request)) if in_panel and not text else []
    found = [
        (hit, _page_of(hit, wanted.about), prefixes.get(hit.network, ()) if hit.kind == "networks" else ())
        for hit in hits
    ]
    groups = [(kind, list(group)) for kind, group in groupby(found, key=lambda one: one[0].kind)]
    just_so = wanted.about.lower()
    groups.sort(key=lambda group: just_so not in {hit.text.lower() for hit, *_ in group[1]})
    nowhere = bool(not hits and block_of(text))
    commands = [*(command for _, command in done), *here, *general][: palette.MAX_SHOWN]
    context = {"query": text, "groups": groups, "count": len(found), "commands": commands, "nowhere": nowhere}
    return render_page_or_part(request, "search.html", context, part="hits")


def _page_below(request: HttpRequest) -> str:
    """The path of the page over which the panel opens; empty where the browser does not say."""
    url = request.htmx.current_url_abs_path  # type: ignore[attr-defined]  # of its middleware
    return urlsplit(url or "").path


def _found(text: str, *, limit: int) -> tuple[palette.Wanted, list[domain.Hit]]:
    """What is sought: what a verb is about, or all of the text, or what is named in it; at most two searches."""
    wanted = palette.read(text)
    if wanted.verbs and wanted.about and (hits := domain.find(wanted.about, limit=limit)):
        return wanted, hits
    hits = domain.find(text, limit=limit)
    named = palette.without_noise(text)
    if not hits and not wanted.verbs and named != text:
        return palette.Wanted((), named), domain.find(named, limit=limit)
    return palette.Wanted((), text), hits


def _meant(
    wanted: palette.Wanted,
    hits: list[domain.Hit],
    done: list[tuple[domain.Hit, Command]],
    general: list[Command],
    text: str,
) -> str:
    """The page that is meant beyond doubt; empty where several are equally good."""
    sure = domain.the_one(hits, wanted.about)
    if done:
        pages = [command.link for hit, command in done if hit == sure] or [command.link for _, command in done]
        return pages[0] if len(pages) == 1 else ""
    named = [one.link for one in general if one.text.lower() == text.lower()]
    if not hits:
        named = named or [one.link for one in general]
    is_called_so = sure and text.lower() in (sure.text.lower(), sure.id.lower())
    pages = [*named, *([_page_of(sure, wanted.about)] if sure and (is_called_so or not named) else [])]
    return pages[0] if len(pages) == 1 else ""


def _prefixes_of(hits: list[domain.Hit]) -> dict[str, list[str]]:
    """The first prefix of each family of the networks that were found; one statement."""
    networks = [hit.network for hit in hits if hit.kind == "networks"]
    held = Prefix.objects.rows_of(networks) if networks else {}
    # In reverse, so that the first of a family is the one that stays.
    first = {key: {one.family: str(one) for one in reversed(rows)} for key, rows in held.items()}
    return {key: [of_family[family] for family in sorted(of_family)] for key, of_family in first.items()}


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
