"""What several machines have at once: the rows behind shared addresses (rule 28e), for operations that hold locks."""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from ipam.models import AddressHolder, IPAddress, Machine
from ipam.models.base import know


def know_holders(addresses: Iterable[IPAddress]) -> list[IPAddress]:
    """Addresses that know which machines have them; one statement, and none where nobody shares one."""
    known = list(addresses)
    shared = {one.pk: one for one in known if one.shared}
    beside: dict[Any, list[AddressHolder]] = {key: [] for key in shared}
    if shared:
        for row in AddressHolder.objects.filter(address__in=shared).select_related("machine").order_by("id"):
            beside[row.address_id].append(row)
    for key, one in shared.items():
        know(one, holders=beside[key])
    return known


def set_machines(one: IPAddress, machines: Sequence[str], **changes: Any) -> None:
    """Let these machines have a locked address that knows who has it, in this order, as one change of it."""
    known, beside = one.machine_ids[1:], list(machines[1:])
    one.revise(machine_id=next(iter(machines), None), **changes)
    if beside[: len(known)] != known:  # they do not merely go on
        AddressHolder.objects.filter(address=one).delete()
        known = []
    AddressHolder.objects.bulk_create([AddressHolder(address=one, machine_id=key) for key in beside[len(known) :]])
    know_holders([one])


def join(addresses: Iterable[IPAddress], machine: Machine) -> None:
    """Let a machine have these locked addresses beside those that have them."""
    for one in know_holders(addresses):
        set_machines(one, [*one.machine_ids, machine.pk])


def leave(addresses: Sequence[IPAddress], machine: Machine) -> list[IPAddress]:
    """Let a machine that goes have none of these locked addresses; those that another one is the first of now."""
    moved = []
    for one in know_holders(addresses):
        if one.machine_id == machine.pk:
            moved.append(copy(one))
        set_machines(one, [key for key in one.machine_ids if key != machine.pk])
    return moved


def copy_holders(pairs: Iterable[tuple[IPAddress, IPAddress]]) -> None:
    """Let whoever has the first of each pair have the other, stored with the same first machine, as well."""
    shared = [(one, other) for one, other in pairs if one.shared]
    know_holders(one for one, _ in shared)
    rows = [AddressHolder(address=other, machine_id=key) for one, other in shared for key in one.machine_ids[1:]]
    AddressHolder.objects.bulk_create(rows)
