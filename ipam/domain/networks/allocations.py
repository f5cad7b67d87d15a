"""Allocations as people see them: one row for what one request took, IPv4 and IPv6 beside each other."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.paging import Page, page
from ipam.models import IPAddress, Network


@dataclass(frozen=True)
class Allocation:
    """The addresses of one allocation id; either family may be missing, not both."""

    id: UUID
    addresses: tuple[IPAddress | None, IPAddress | None]  # IPv4, IPv6

    @property
    def main(self) -> IPAddress:
        """The address that speaks for both: they share name, type, project and machine."""
        return next(address for address in self.addresses if address is not None)

    def seen_from(self, one: IPAddress) -> "Seen":
        """The allocation as a row of a list of addresses."""
        return Seen(self, *sorted((each for each in self.addresses if each), key=lambda each: each.pk != one.pk))

    @property
    def texts(self) -> list[str]:
        return [str(address) for address in self.addresses if address is not None]


@dataclass(frozen=True)
class Seen:
    """One address of an allocation, and its partner in the other family if it has one."""

    allocation: Allocation
    address: IPAddress
    partner: IPAddress | None = None


def page_of(network: Network, *, limit: int, cursor: str = "") -> tuple[Page, list[Allocation]]:
    """A page of a network's allocations in address order, those with IPv4 first; two statements."""
    held = access.visible(IPAddress.objects.filter(network=network))
    found = page(_leading(held), field="address", limit=limit, cursor=cursor)
    return found, pair_up(found.rows, network)


def get(allocation: UUID) -> Allocation:
    """One allocation; NotFound if it was released."""
    held = list(
        access.visible(IPAddress.objects.filter(allocation=allocation)).select_related(
            "machine", "project", "network", "prefix"
        )
    )
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    return _join(held)


def pair_up(rows: list[IPAddress], network: Network | None = None) -> list[Allocation]:
    """The allocations of these addresses, in their order, completed by the other family.

    One statement if all are of this `network`, else two: joined, PostgreSQL would read all networks for 50 addresses.
    """
    ids = [address.allocation for address in rows]
    held = IPAddress.objects.filter(allocation__in=ids).select_related("machine", "project", "prefix")
    partners: dict[UUID, list[IPAddress]] = {}
    for address in held if network else held.prefetch_related("network"):
        address.network = network or address.network
        partners.setdefault(address.allocation, []).append(address)
    return [_join(partners[allocation]) for allocation in dict.fromkeys(ids) if allocation in partners]


def _join(held: list[IPAddress]) -> Allocation:
    by_family = {address.family: address for address in held}
    return Allocation(held[0].allocation, (by_family.get(Family.IPV4), by_family.get(Family.IPV6)))


def _leading(addresses: QuerySet[IPAddress]) -> QuerySet[IPAddress]:
    """One address per allocation: the IPv4 one where there is one."""
    with_ipv4 = IPAddress.objects.filter(allocation=OuterRef("allocation"), family=Family.IPV4)
    return addresses.filter(Q(family=Family.IPV4) | ~Exists(with_ipv4))
