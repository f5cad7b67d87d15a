"""Hover cards, each at the path of the page that it tells of, below `cards/`; with the rights of that page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from webui import cards
from webui.views.address_states import address_of, block_of, namespace_of


@login_required
def card(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """Of a thing."""
    return _shown(request, cards.BY_KIND[kind](pk))


@login_required
def address(request: HttpRequest, ip: str) -> HttpResponse:
    """Of an address, held or free."""
    return _shown(request, cards.of_place(address_of(ip), namespace_of(request)))


@login_required
def block(request: HttpRequest, cidr: str) -> HttpResponse:
    """Of a block, held or free."""
    return _shown(request, cards.of_block(block_of(cidr), namespace_of(request)))


def _shown(request: HttpRequest, found: cards.Card) -> HttpResponse:
    return render(request, "components/card.html", {"card": found})
