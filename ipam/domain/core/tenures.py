"""Who holds what, from when until when: rows that begin and end with addresses and child prefixes, by an event.

They begin by one INSERT that takes names and all else from the rows that are there, and end by one UPDATE.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from netaddr import IPAddress as Address

from ipam.domain.core import bulk_insert
from ipam.models import Event, IPAddress, Prefix, Tenure
from ipam.models.tenures import addresses_untold, blocks_untold

_BEGIN_ADDRESSES = """
    INSERT INTO ipam_tenure (
        address, length, prefix_length, namespace_id, network_id, project_id, project_name, machine_id, machine_name,
        name, type, allocation, since, from_exact, begun_by, actor, door
    )
    SELECT held.address, NULL, prefix.length, held.namespace_id, held.network_id, held.project_id, project.name,
        coalesce(held.machine_id, ''), coalesce(machine.name, ''), held.name, held.type, held.allocation,
        {since}, event.id, event.actor, event.door
    FROM ipam_ipaddress AS held
    JOIN ipam_event AS event ON event.id = %s
    JOIN ipam_prefix AS prefix ON prefix.id = held.prefix_id
    JOIN ipam_project AS project ON project.id = held.project_id
    LEFT JOIN ipam_machine AS machine ON machine.id = held.machine_id
    WHERE held.id {which}
"""
_BEGIN_BLOCKS = """
    INSERT INTO ipam_tenure (
        address, length, prefix_length, namespace_id, network_id, project_id, project_name, machine_id, machine_name,
        name, type, allocation, since, from_exact, begun_by, actor, door
    )
    SELECT held.first, held.length, parent.length, held.namespace_id, held.network_id, network.project_id,
        coalesce(project.name, ''), '', '', network.name, network.type, NULL,
        {since}, event.id, event.actor, event.door
    FROM ipam_prefix AS held
    JOIN ipam_event AS event ON event.id = %s
    JOIN ipam_prefix AS parent ON parent.id = held.parent_id
    JOIN ipam_network AS network ON network.id = held.network_id
    LEFT JOIN ipam_project AS project ON project.id = network.project_id
    WHERE held.id {which}
"""
_NOW = "event.at, event.verb <> 'import'"  # what an import brings was held before, elsewhere
_PERHAPS_BEFORE = "held.created_at, 1 = 0"


def begin(event: Event, addresses: Iterable[IPAddress]) -> None:
    """Whoever holds these stored addresses holds them from this event on; without end."""
    _begin(_BEGIN_ADDRESSES, event, [address.pk for address in addresses])


def begin_blocks(event: Event, prefixes: Iterable[Prefix]) -> None:
    """The networks of these stored child prefixes hold them from this event on; without end."""
    _begin(_BEGIN_BLOCKS, event, [prefix.pk for prefix in prefixes])


def end(event: Event, addresses: Iterable[IPAddress]) -> None:
    """Nobody holds these addresses any longer, or somebody else does."""
    of_namespace: dict[UUID | None, list[Address]] = defaultdict(list)
    for address in addresses:
        of_namespace[address.namespace_id].append(address.address)
    for namespace_id, held in of_namespace.items():
        _end(event, Tenure.objects.of_addresses().filter(namespace_id=namespace_id), held)


def end_blocks(event: Event, prefixes: Sequence[Prefix]) -> None:
    """Nobody holds these child prefixes, of one network, any longer."""
    for namespace_id in {prefix.namespace_id for prefix in prefixes}:
        open_ = Tenure.objects.of_blocks().filter(namespace_id=namespace_id)
        _end(event, open_, [prefix.first for prefix in prefixes])


def make_true(event: Event) -> None:
    """End open tenures of what nobody holds so, and begin those that are missing, with what is held."""
    for untrue in Tenure.objects.untrue():
        untrue.update(until=event.at, ended_by=event.pk)
    for statement, untold in ((_BEGIN_ADDRESSES, addresses_untold()), (_BEGIN_BLOCKS, blocks_untold())):
        query, parameters = untold.order_by().values("pk").query.sql_with_params()
        _execute(statement.format(since=_PERHAPS_BEFORE, which=f"IN ({query})"), [event.pk, *parameters])


def _begin(statement: str, event: Event, keys: Sequence[Any]) -> None:
    parameters: list[Any]
    for batch in bulk_insert.batches(keys):
        which, parameters = "= ANY(%s)", [batch]
        if connection.vendor == "sqlite":
            which = f"IN ({', '.join(['%s'] * len(batch))})"
            parameters = [key.hex if isinstance(key, UUID) else key for key in batch]
        _execute(statement.format(since=_NOW, which=which), [event.pk, *parameters])


def _execute(statement: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _end(event: Event, tenures: QuerySet[Tenure], starts: Iterable[Address]) -> None:
    for batch in bulk_insert.batches(starts):
        tenures.filter(until=None, address__one_of=batch).update(until=event.at, ended_by=event.pk)
