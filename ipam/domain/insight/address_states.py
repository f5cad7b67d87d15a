"""All about one address, held or free: where it lies, who has it, who had it, and what is free beside it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from ipam.addressing import Address
from ipam.domain.core import access
from ipam.domain.space import aside, usable_space
from ipam.models import FreeBlock, IPAddress, Prefix, Tenure

MAX_TENURES = 20


class State(StrEnum):
    HELD = "held"
    FREE = "free"
    RESERVED = "reserved"
    COOLING = "cooling"
    OUTSIDE = "outside"


@dataclass(frozen=True, kw_only=True)
class AddressState:
    """What is said of an address. Of who holds or held it, what the caller may see; `tenures` are the newest 20."""

    ip: Address
    state: State
    prefix: Prefix | None
    held: IPAddress | None
    pair: IPAddress | None
    tenures: list[Tenure]
    next_free: Address | None

    @property
    def previous(self) -> Tenure | None:
        """The last tenure that has ended."""
        return next((one for one in self.tenures if one.until), None)


def of(address: Address, namespace: UUID | None = None) -> AddressState:
    """The state of an address, in a namespace if one is given; six statements at most.

    It lies in the smallest prefix that holds it; outside of all that the caller sees it is `outside`. Without a
    namespace holder and tenures are those of any.
    """
    spaces = Q(namespace=None) | Q(namespace=namespace) if namespace else Q(namespace=None)
    seen = access.visible(Prefix.objects.containing_address(address)).filter(spaces)
    prefix = seen.select_related("network").order_by("-length").first()
    holders = IPAddress.objects.filter(address=address)
    tenures = access.visible(Tenure.objects.of_address(address))
    if namespace:
        holders, tenures = holders.filter(namespace=namespace), tenures.filter(namespace_id=namespace)
    held = access.visible(holders).select_related("prefix__network", "project").order_by("namespace_id").first()
    return AddressState(
        ip=address,
        state=State.HELD if held or holders.exists() else _unheld(address, prefix),
        prefix=held.prefix if held else prefix,
        held=held,
        pair=_pair(held),
        tenures=list(tenures.order_by("-since", "-id")[:MAX_TENURES]),
        next_free=_next_free(address, prefix),
    )


def _unheld(address: Address, prefix: Prefix | None) -> State:
    if prefix is None:
        return State.OUTSIDE
    is_edge = not prefix.network.is_super and address in prefix.ends
    if is_edge or address == prefix.gateway or list(usable_space.violations_of_address(address)):
        return State.RESERVED
    kept = aside.holding(prefix, address)
    return State.FREE if kept is None else State.COOLING if kept.until else State.RESERVED


def _pair(held: IPAddress | None) -> IPAddress | None:
    """Its partner: the address of the other family in its allocation."""
    if held is None:
        return None
    return IPAddress.objects.filter(allocation=held.allocation).exclude(pk=held.pk).select_related("prefix").first()


def _next_free(address: Address, prefix: Prefix | None) -> Address | None:
    """The lowest free address above this one in its prefix, or else the lowest in it."""
    if prefix is None or prefix.network.is_super:
        return None
    free = FreeBlock.objects.of(prefix).order_by("first")
    around = free.filter(first__lte=address).last()
    if around is not None and address.value < around.cidr.last:
        return Address(address.value + 1, address.version)
    lowest: FreeBlock | None = free.filter(first__gt=address).first() or free.first()
    return lowest.first if lowest else None
