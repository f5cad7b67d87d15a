"""Networks by their addresses, where people name one by a CIDR."""

from collections.abc import Iterable, Mapping

from django.db.models import Value

from ipam.domain.core import access
from ipam.models import Network, Prefix
from ipam.values import parse_cidr

_MAX_PREFIXES = 10  # of a CIDR, longest first


def network_keys(texts: Iterable[str]) -> Mapping[str, list[str]]:
    """The networks that each CIDR of these texts is of: of all prefixes that hold it, those of the longest. One
    statement.
    """
    networks = access.visible(Network.objects.all()).values("pk")
    parts = []
    for text in texts:
        try:
            cidr = parse_cidr(text)
        except ValueError:
            continue
        if cidr.value == cidr.first:
            holding = Prefix.objects.supernets_of(cidr).filter(network__in=networks).order_by("-length", "network")
            some = Prefix.objects.filter(pk__in=holding.values("pk")[:_MAX_PREFIXES]).order_by()
            parts.append(some.annotate(text=Value(text)).values_list("text", "length", "network"))
    found: dict[str, list[str]] = {}
    longest: dict[str, int] = {}
    rows: list[tuple[str, int, str]] = list(Prefix.objects.none().union(*parts, all=True))  # type: ignore[arg-type]
    for text, length, key in sorted(rows, key=lambda row: (-row[1], row[2])):
        if longest.setdefault(text, length) == length:
            found.setdefault(text, []).append(key)
    return found
