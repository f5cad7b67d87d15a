"""Static addresses that machines get and lose while both go on (rule 28b)."""

from collections.abc import Sequence
from copy import copy
from typing import Any

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import address_rules, addresses
from ipam.models import IPAddress, Machine
from ipam.models.events import Verb


@operation
def hand_over(wanted: Sequence[IPAddress], machine: Machine | None, **changes: Any) -> list[IPAddress]:
    """Let a machine have these static addresses, of whomever they were, or none; all or nothing.

    `changes` are those of `addresses.update`, and judged with it: what becomes static may be attached. WrongProject
    or NetworkNotUsable unless the machine is of their project and in their network; InUse for what is ephemeral, what
    a cluster owns or a controller claims; NotFound for what has gone.
    """
    # The machine before its addresses, as its release has it.
    target = None if machine is None else lookups.get(Machine, machine.pk, field="machine", lock=True)
    held = _lock(wanted)
    machines = [one for one in (target, *(row.machine for row in held)) if one is not None]
    access.require_change(*held, *machines)
    address_rules.check_unbound(held)
    for one in held:
        _check(one, target, changes.get("type", one.type))
    return _give(held, target, changes)


def _lock(wanted: Sequence[IPAddress]) -> list[IPAddress]:
    """All of these addresses, locked, IPv4 first."""
    there = IPAddress.objects.filter(pk__in=[one.pk for one in wanted])
    held = addresses.lock(access.visible(there).select_related("network", "project", "machine"))
    if len(held) < len(wanted):
        raise errors.NotFound("An address has just been released. Look again.")
    return sorted(held, key=lambda one: one.address)


def _check(one: IPAddress, machine: Machine | None, type: str) -> None:
    """Whether a machine may have this address, or nobody, once it is of this type."""
    address_rules.check_stays_static(one, type)
    if type != IPAddress.Type.STATIC:
        raise errors.InUse(
            f"{one} is ephemeral: it comes and goes with its machine. Make it static to attach it or to take it off.",
            field="machine",
        )
    if machine is not None:
        is_joined = machine.attachments.filter(network=one.network_id).exists()
        address_rules.check_machine(machine, one.network, one.project, is_joined=is_joined)


def _give(held: list[IPAddress], machine: Machine | None, changes: dict[str, Any]) -> list[IPAddress]:
    """Change locked addresses, and tell who has those now that somebody else had."""
    before = [copy(one) for one in held]
    for one in held:
        one.revise(machine=machine, **changes)
    moved = [was for was, one in zip(before, held, strict=True) if was.machine_id != one.machine_id]
    keys = {was.pk for was in moved}
    differing = states.between(
        states.of(before[0], machine=before[0].machine_id), states.of(held[0], machine=held[0].machine_id)
    )
    history.record_addresses(
        Verb.MAKE_STATIC if "type" in differing else Verb.UPDATE,
        ended=moved,
        begun=[one for one in held if one.pk in keys],
        unchanged=[one for one in held if one.pk not in keys],
        changed=differing,
    )
    return held
