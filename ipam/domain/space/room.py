"""How much more fits in a network that is asked for all of its families at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from ipam.addressing import Family
from ipam.domain.space.utilization import FamilyUse


@dataclass(frozen=True)
class Room:
    """How much more a network can give to those who want all of its families at once.

    `count` is children of the default lengths for a super network, else addresses or pairs; `family` runs out first,
    and is None when only one family is there to run out.
    """

    count: int
    family: Family | None


def of_uses(uses: Iterable[FamilyUse]) -> Room | None:
    """What is left of a network, and which family limits it; None for a network without prefixes."""
    left = [
        (use.available_ips if use.available_prefixes is None else use.available_prefixes, use.family) for use in uses
    ]
    if not left:
        return None
    count, family = min(left)
    return Room(count, family if len(left) > 1 else None)
