"""Networks by their addresses, where people name one by a CIDR."""

from ipam.domain.core import access
from ipam.models import Network, Prefix
from ipam.values import parse_cidr


def network_keys(text: str) -> list[str]:
    """The networks that this CIDR is of: of all prefixes that hold it, those of the longest; none for other texts."""
    try:
        cidr = parse_cidr(text)
    except ValueError:
        return []
    if cidr.value != cidr.first:
        return []
    networks = access.visible(Network.objects.all()).values("pk")
    holding = Prefix.objects.supernets_of(cidr).filter(network__in=networks).order_by("-length", "network")
    found = list(holding.values_list("network", "length")[:10])
    return [key for key, length in found if length == found[0][1]]
