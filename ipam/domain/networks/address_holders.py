"""Static addresses that machines get and lose while all of them go on (rules 28d and 28e)."""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from typing import Any

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import address_rules, addresses, sharing
from ipam.models import IPAddress, Machine, MachineNetwork
from ipam.models.events import Verb

MAX_MACHINES = 1000  # of one shared address, by one request
Machines = dict[str, Machine]


@operation
def hand_over(wanted: Sequence[IPAddress], machine: Machine | None, **changes: Any) -> list[IPAddress]:
    """Let a machine have these static addresses: shared ones beside those that have them, others instead of whoever
    had them; None: nobody has them any longer. All or nothing.

    `changes` are those of `addresses.update`, and judged with it: what becomes static may be attached. WrongProject
    or NetworkNotUsable unless the machine is of their project and in their network; InUse for what is ephemeral, what
    a cluster owns or a controller claims; NotFound for what has gone.
    """
    named = [machine] if machine else []

    def after(one: IPAddress) -> list[str]:
        beside = one.machine_ids if machine and one.shared else []
        return list(dict.fromkeys([*beside, *(one.pk for one in named)]))

    return _change(wanted, named, after, changes)


@operation
def take_off(wanted: Sequence[IPAddress], machine: Machine) -> list[IPAddress]:
    """Let a machine not have these static addresses any longer, whoever else has them; errors are those above."""
    return _change(wanted, [], lambda one: [key for key in one.machine_ids if key != machine.pk], {})


@operation
def set_machines(wanted: Sequence[IPAddress], machines: Sequence[Machine], **changes: Any) -> list[IPAddress]:
    """Let just these machines have these static addresses, in this order; more than one what is shared, each once.

    Up to `MAX_MACHINES`; else Invalid. All else is as `hand_over` has it.
    """
    if len(machines) > MAX_MACHINES:
        raise errors.Invalid(f"At most {MAX_MACHINES:,} machines fit in one request.", field="machines")
    return _change(wanted, machines, lambda one: [one.pk for one in machines], changes)


def _change(
    wanted: Sequence[IPAddress],
    named: Sequence[Machine],
    after: Callable[[IPAddress], list[str]],
    changes: dict[str, Any],
) -> list[IPAddress]:
    """Let addresses have these machines of those that were `named`, or have been theirs."""
    machines = _lock_machines(named)  # before the addresses, as their release has it
    held = _lock(wanted)
    wished = [after(one) for one in held]
    machines |= Machine.objects.in_bulk({key for one in held for key in one.machine_ids if key not in machines})
    access.require_change(*held, *machines.values())
    address_rules.check_unbound(held)
    joined = set(
        MachineNetwork.objects.filter(
            machine__in=[one.pk for one in named], network__in=[one.network_id for one in held]
        ).values_list("machine_id", "network_id")
    )
    for one, keys in zip(held, wished, strict=True):
        _check(one, changes.get("type", one.type), keys)
        for key in keys:
            if key not in one.machine_ids:
                is_joined = (key, one.network_id) in joined
                address_rules.check_machine(machines[key], one.network, one.project, is_joined=is_joined)
    return _give(held, wished, changes)


def _lock_machines(named: Sequence[Machine]) -> Machines:
    """These machines by their ids, which stay until the end."""
    keys = [one.pk for one in named if lookups.is_id(Machine, one.pk)]
    there = access.visible(Machine.objects.filter(pk__in=keys)) if keys else Machine.objects.none()
    found = {one.pk: one for one in lookups.lock_all(there.order_by("pk"), no_key=True)}
    for one in named:
        if one.pk not in found:
            found[one.pk] = lookups.get(Machine, one.pk, field="machine", lock=True)  # or says what is missing
    return found


def _lock(wanted: Collection[IPAddress]) -> list[IPAddress]:
    """All of these addresses, locked, IPv4 first; they know which machines have them."""
    there = IPAddress.objects.filter(pk__in=[one.pk for one in wanted])
    held = addresses.lock(access.visible(there).select_related("network", "project"))
    if len(held) < len(wanted):
        raise errors.NotFound("An address has just been released. Look again.")
    return sharing.know_holders(sorted(held, key=lambda one: one.address))


def _check(one: IPAddress, type: str, machines: Sequence[str]) -> None:
    """Whether so many machines may have this address once it is of this type."""
    address_rules.check_stays_static(one, type)
    if type != IPAddress.Type.STATIC:
        raise errors.InUse(
            f"{one} is ephemeral: it comes and goes with its machine. Make it static to attach it or to take it off.",
            field="machine",
        )
    address_rules.check_machines(one.address, one.shared, machines)


def _give(held: list[IPAddress], wished: Sequence[list[str]], changes: dict[str, Any]) -> list[IPAddress]:
    """Change locked addresses, and tell who has those now that somebody else had, or was the first of those who had."""
    before, said = [copy(one) for one in held], _said(held[0])
    for one, keys in zip(held, wished, strict=True):
        sharing.set_machines(one, keys, **changes)
    moved = [was for was, one in zip(before, held, strict=True) if was.machine_id != one.machine_id]
    elsewhere = {was.pk for was in moved}
    differing = states.between(said, _said(held[0]))
    history.record_addresses(
        Verb.MAKE_STATIC if "type" in differing else Verb.UPDATE,
        ended=moved,
        begun=[one for one in held if one.pk in elsewhere],
        unchanged=[one for one in held if one.pk not in elsewhere],
        changed=differing,
    )
    return held


def _said(one: IPAddress) -> states.State:
    """An address as its history tells it, with who has it."""
    return states.of(one, **({"machines": one.machine_ids} if one.shared else {"machine": one.machine_id}))
