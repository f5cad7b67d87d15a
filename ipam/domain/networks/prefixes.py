"""What may change of a prefix, and what it may be from its beginning: its gateway, whether its ends are reserved. How
its block changes is in `resizing` and `splitting`.

A gateway is kept out of free space, as reserved ends are, so to take the lowest free address costs what it did. It is
given to who names it.
"""

from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from typing import Any

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import host, reserved_addresses
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import address_rules
from ipam.domain.space import allocator, free_space, usable_space
from ipam.models import Network, Prefix
from ipam.models.events import Verb

PrefixFields = Mapping[IPNetwork, Mapping[str, Any]]  # of prefixes that have any: the columns that people give
NO_FIELDS: PrefixFields = {}


@operation
def update(prefix: Prefix, **changes: Any) -> Prefix:
    """Give a prefix another `gateway`, or none (None), or say whether its ends are reserved (`reserve_ends`, rule 25).

    NotInPrefix, ReservedAddress or RangeNotUsable for what cannot be a gateway; NetworkNotUsable for a super network's;
    InUse where an end is held that would be reserved. An address that is held may become the gateway, and stays with
    its holder.
    """
    current = lookups.get(Prefix, prefix.pk, lock=True)  # who gives back, or names a gateway, locks it too
    network = current.network
    access.require_change(network, fields=changes)
    known = {name: getattr(current, name) for name in ("gateway", "reserve_ends")}
    errors.raise_all(violations_of_fields(network, current.cidr, {**known, **changes}))
    before = {name: known[name] for name in changes}
    if before == changes:
        return current
    was = states.of(network, **fields_of([current]))
    kept_before = {*current.ends, *([current.gateway] if current.gateway else [])}
    current.revise(**changes)
    _exchange(current, kept_before)
    history.record(Verb.UPDATE, network, before=was, after=states.of(network, **fields_of([current])))
    return current


def violations_of_fields(network: Network, cidr: IPNetwork, fields: Mapping[str, Any]) -> list[errors.IpamError]:
    """What is wrong with the fields of a prefix that a network has or shall have (rule 25a)."""
    gateway, reserves = fields.get("gateway"), fields.get("reserve_ends", True)
    if network.is_super and not (gateway is None and reserves):
        name = "gateway" if reserves else "reserve_ends"
        detail = f"{network} is a super network: it gives prefixes, no addresses. Leave “{name}” out."
        return [errors.NetworkNotUsable(detail, field=name)]
    if gateway is None:
        return []
    if gateway not in cidr:
        detail = f"{gateway} does not lie in {cidr}. A gateway is an address of its prefix."
        return [errors.NotInPrefix(detail, field="gateway")]
    if reserves and gateway in reserved_addresses(cidr):
        return [address_rules.reserved(gateway, cidr, field="gateway")]
    return list(usable_space.violations_of_address(gateway, field="gateway"))


def fields_of(prefixes: Iterable[Prefix]) -> dict[str, Any]:
    """The gateways of those of these prefixes that have one, and those whose ends are not reserved, for history."""
    known = list(prefixes)
    return {
        "gateways": {str(prefix): str(prefix.gateway) for prefix in known if prefix.gateway is not None},
        "without_reserved_ends": [str(prefix) for prefix in known if not prefix.reserve_ends],
    }


def _exchange(prefix: Prefix, before: Set[IPAddress]) -> None:
    """Let addresses be free that were kept out of free space `before`, and take those out that are from now on.

    The gateway may be held by somebody; an end may not.
    """
    after = {*prefix.ends, *([prefix.gateway] if prefix.gateway else [])}
    held = set(prefix.addresses.filter(address__in=before | after).values_list("address", flat=True))
    free_space.release_addresses(prefix.pk, sorted(before - after - held))
    for address in sorted(after - before):
        if address in held and address != prefix.gateway:
            holder = prefix.addresses.get(address=address)
            raise address_rules.held_end(prefix, holder)
        if address not in held and not list(usable_space.violations_of_address(address)):
            _take_out(prefix, address)


def _take_out(prefix: Prefix, address: IPAddress) -> None:
    """Take an address out of free space, or of what is set aside, unless somebody has just been given it."""

    def find_holder() -> errors.IpamError | None:
        holder = prefix.addresses.filter(address=address).first()
        if holder is None:
            return None
        return (
            address_rules.taken(address, holder)
            if address == prefix.gateway
            else address_rules.held_end(prefix, holder)
        )

    with suppress(errors.AlreadyAllocated):
        allocator.acquire_exactly(prefix, host(address), find_holder=find_holder, field="gateway", is_named=False)
