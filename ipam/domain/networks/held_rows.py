"""Addresses that go, locked together with their prefixes by statements that are written once."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection

from ipam.domain.core import access
from ipam.domain.core.by_ids import Beside
from ipam.fields import from_bytes
from ipam.models import IPAddress, Prefix
from ipam.models.columns import columns

# As it was when the statement began, before it waited for the row: another generation says that it has to look again.
_IS_CURRENT = "generation = (SELECT generation FROM ipam_ipaddress AS before WHERE before.id = ipam_ipaddress.id)"
_HELD = f"""
    SELECT {{columns}}, held_in.id, held_in.length, held_in.gateway, held_in.sets_aside, ipam_ipaddress.{_IS_CURRENT},
        (SELECT name FROM ipam_claim WHERE allocation = ipam_ipaddress.allocation)
    FROM ipam_ipaddress JOIN ipam_prefix AS held_in ON held_in.id = ipam_ipaddress.prefix_id
    WHERE ipam_ipaddress.{{column}} = %s AND {{visible}}
    ORDER BY ipam_ipaddress.network_id, held_in.family, held_in.id {{lock}}
"""  # noqa: S608  no values
_LOCK_BOTH = "FOR NO KEY UPDATE OF ipam_ipaddress, held_in"
_LOCK = "SELECT id FROM ipam_ipaddress WHERE allocation = %s AND {} ORDER BY id FOR NO KEY UPDATE"


def lock(key: Any) -> list[Any]:
    """The address with this id, if the caller sees it, and its prefix; both stay as they are until the end.

    With the address goes the name that it is `claimed` by, or None.
    """
    found = _look("id", key)
    # It is not found with its prefix either where it has got another, while this waited for the row.
    while not all(is_current for _, is_current in found) or (not found and _is_there(key)):
        found = _look("id", key)
    return [address for address, _ in found]


def beside(key: Any) -> Beside:
    """What asks for the address with this id together with something else, before it is known who asks."""
    return Beside("beside.*", f"LEFT JOIN ({_by_id()}) AS beside ON TRUE", [columns(IPAddress).stored_key(key)])


def at_hand(row: Any) -> Any:
    """The address in a row of `beside` as `lock` gives it, but not locked; None if the caller sees none."""
    found = _load(row) if row[0] is not None else None
    return found if found and access.sees_at_hand(found) else None


def look(key: Any) -> Any:
    """The address with this id as `lock` gives it, but not locked; None if the caller sees none."""
    with connection.cursor() as cursor:
        cursor.execute(_by_id(), [columns(IPAddress).stored_key(key)])
        return next((found for row in cursor.fetchall() if (found := at_hand(row))), None)


def _by_id() -> str:
    return _HELD.format(columns=columns(IPAddress).selected, column="id", visible="TRUE", lock="")


def lock_allocation(key: Any) -> list[Any]:
    """All addresses of an allocation that the caller sees, IPv4 first, and their prefixes, as `lock` has it.

    Addresses are locked before any prefix, in the order of their keys, as everybody does, and looked at again: who
    adds one locks another first.
    """
    visible, parameters = access.condition(IPAddress)
    found: list[tuple[Any, bool]] = []
    held = -1
    while held != len(found):
        if connection.vendor != "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(_LOCK.format(visible), [key, *parameters])
                held = len(cursor.fetchall())
        found = _look("allocation", key)
        held = len(found) if connection.vendor == "sqlite" else held
    return [address for address, _ in found]


def _is_there(key: Any) -> bool:
    return access.visible(IPAddress.objects.filter(pk=key)).exists()


def _look(column: str, key: Any) -> list[tuple[Any, bool]]:
    visible, parameters = access.condition(IPAddress)
    lock = "" if connection.vendor == "sqlite" else _LOCK_BOTH
    shape = columns(IPAddress)
    statement = _HELD.format(columns=shape.selected, column=column, visible=visible, lock=lock)
    with connection.cursor() as cursor:
        cursor.execute(statement, [columns(IPAddress).stored_key(key), *parameters])
        return [(_load(row), bool(row[-2])) for row in cursor.fetchall()]


def _load(row: Any) -> Any:
    """An address, and of its prefix what giving it back needs."""
    *values, prefix_id, length, gateway, sets_aside, _, claimed = row
    address: Any = columns(IPAddress).load(values)
    known = {"id": prefix_id, "network_id": address.network_id, "family": address.family, "length": length}
    known |= {"gateway": gateway and from_bytes(bytes(gateway)), "sets_aside": bool(sets_aside)}
    address.prefix = Prefix.from_db(DEFAULT_DB_ALIAS, list(known), list(known.values()))
    address.claimed = claimed
    return address
