"""The networks that are measured, and ways to fill them fast that leave them as the operations would have."""

from ipam.addressing import Family
from ipam.domain.networks import address_rules, addresses, networks, projects
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4, IPV6, cidrs, external

_FIRST = "00-bench-"  # sorts before the ids that `manage.py seed` invents


def project() -> Project:
    """The project that asks for everything."""
    return Project.objects.filter(name="bench").first() or projects.create(name="bench")


def network(*families: Family) -> Network:
    """A new external network with a /16 of IPv4, a /64 of IPv6, or both; of one family, its stack says so."""
    number = Network.objects.filter(id__startswith=_FIRST).count()
    prefixes = {IPV4: f"1.{number}.0.0/16", IPV6: f"fd00:{number:x}::/64"}
    return networks.create(
        external(
            id=f"{_FIRST}{number:02}",
            vrf=200_000 + number,
            stack="dual" if len(families) > 1 else families[0].key,
            prefixes=cidrs(*(prefixes[family] for family in families)),
            destination_prefixes=(),
        )
    )


def fill(filled: Network, used: int) -> None:
    """Take so many addresses of each family, 1,000 per operation."""
    most = address_rules.MAX_PER_REQUEST
    for start in range(0, used, most):
        addresses.allocate(filled, project=project(), count=min(most, used - start))


def perforate(filled: Network, every: int) -> None:
    """Give every n-th address back, so that free space is in single addresses."""
    held = list(IPAddress.objects.filter(network=filled).order_by("address")[::every])
    for start in range(0, len(held), address_rules.MAX_PER_REQUEST):
        addresses.release_many(held[start : start + address_rules.MAX_PER_REQUEST])
