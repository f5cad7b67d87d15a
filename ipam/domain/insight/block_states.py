"""All about one block, held or free: where it lies, whose it is, and whose it, or what holds it, was."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from ipam.addressing import Cidr
from ipam.domain.core import access
from ipam.domain.insight.address_states import MAX_TENURES
from ipam.models import IPAddress, Prefix, Tenure


class State(StrEnum):
    HELD = "held"
    PARTLY = "partly taken"
    FREE = "free"
    OUTSIDE = "outside"


@dataclass(frozen=True, kw_only=True)
class BlockState:
    """What is said of a block. `prefix` is the smallest that holds it; `tenures`, of it and of what holds it, are the
    newest 20 that the caller may see.
    """

    cidr: Cidr
    state: State
    prefix: Prefix | None
    tenures: list[Tenure]

    @property
    def previous(self) -> Tenure | None:
        """The last tenure that has ended."""
        return next((one for one in self.tenures if one.until), None)


def of(cidr: Cidr, namespace: UUID | None = None) -> BlockState:
    """The state of a block, in a namespace if one is given; four statements at most.

    It is held where it is a prefix of a network, partly taken where some of it is, by whomever, and outside where it
    lies in nothing that the caller sees. Without a namespace prefixes and tenures are those of any.
    """
    spaces = Q(namespace=None) | Q(namespace=namespace) if namespace else Q()
    seen = access.visible(Prefix.objects.supernets_of(cidr)).filter(spaces)
    prefix = (
        seen.select_related("network__project", "network__parent", "parent").order_by("-length", "namespace_id").first()
    )
    tenures = access.visible(Tenure.objects.around(cidr))
    if namespace:
        tenures = tenures.filter(namespace_id=namespace)
    newest = list(tenures.order_by("-since", "-id")[:MAX_TENURES])
    return BlockState(cidr=cidr, state=_state(cidr, prefix), prefix=prefix, tenures=newest)


def _state(cidr: Cidr, prefix: Prefix | None) -> State:
    if prefix is None:
        return State.OUTSIDE
    if prefix.cidr == cidr:
        return State.HELD
    held = IPAddress.objects.filter(prefix=prefix).within(cidr)
    carved = Prefix.objects.filter(parent=prefix).overlapping(cidr)
    return State.PARTLY if (carved if prefix.network.is_super else held).exists() else State.FREE
