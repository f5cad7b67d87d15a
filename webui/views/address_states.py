"""All about one address or block, held or free: who has it, who had it, and who had it at a moment."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from ipam import errors
from ipam.addressing import Address, Cidr, Family
from ipam.domain.core import lookups
from ipam.domain.insight import address_states, block_states, tenures
from ipam.models import Project
from ipam.values import parse_address, parse_cidr
from webui import tenure_bars
from webui.pages import asked, moment_of, render_page_or_part


@login_required
def address_state(request: HttpRequest, ip: str) -> HttpResponse:
    """Where it lies, who has it, who had it; with `at`, who had it at that moment."""
    address = address_of(ip)
    at, namespace = moment_of(request), namespace_of(request)
    found = address_states.of(address, namespace)
    context = {
        "section": "addresses",
        "found": found,
        "bars": [tenure_bars.of(found.tenures, Family.of(address), at)],
        "at": at,
        "then": tenures.holders_at(address, namespace, at) if at else [],
        "namespace": asked(request, "namespace"),
    }
    return render_page_or_part(request, "addresses/state.html", context)


@login_required
def block_state(request: HttpRequest, cidr: str) -> HttpResponse:
    """The same of a block, whose tenures are those of child prefixes."""
    block = block_of(cidr)
    at, namespace = moment_of(request), namespace_of(request)
    found = block_states.of(block, namespace)
    context = {
        "section": "networks",
        "found": found,
        "family": Family.of(block),
        "bars": [tenure_bars.of(found.tenures, Family.of(block), at)],
        "at": at,
        "then": tenures.holders_of_block_at(block, namespace, at) if at else [],
        "namespace": asked(request, "namespace"),
    }
    return render_page_or_part(request, "networks/block.html", context)


def address_of(text: str) -> Address:
    """The address in the path of a page; Invalid for what is none."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise errors.Invalid(str(error)) from None


def namespace_of(request: HttpRequest) -> UUID | None:
    """The id of the project whose namespace is asked for, by its name or id; None: none is."""
    named = asked(request, "namespace")
    return lookups.named(Project, named, field="namespace").pk if named else None


def block_of(text: str) -> Cidr:
    """The block in the path of a page; InvalidCidr for what is none."""
    try:
        found = parse_cidr(text)
    except ValueError as error:
        raise errors.InvalidCidr(str(error)) from None
    if found.ip != found.cidr.ip:
        raise errors.InvalidCidr(f"{found} has host bits. The block is {found.cidr}.")
    return found
