"""Removing a network: all that it holds goes with it by plain statements, for the rules have said what it may hold.

What refers to it nevertheless, foreign keys refuse at the end of the transaction.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F

from ipam import errors
from ipam.domain.core import access, history, lookups, states, writes
from ipam.domain.networks import quotas, vrfs
from ipam.domain.space import carving, set_aside
from ipam.domain.space.carving import Returned
from ipam.models import Claim, Network, Prefix
from ipam.models.events import Verb

# On PostgreSQL locked in the order that all keep; this waits for those who take from them.
_TAKE_FREE = {
    "sqlite": "DELETE FROM ipam_freeblock WHERE network_id = %s",
    "postgresql": """
        WITH held AS MATERIALIZED (
            SELECT id FROM ipam_freeblock WHERE network_id = %s ORDER BY family, prefix_id, first FOR UPDATE
        )
        DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM held)
    """,
}
# What keeps a network (rule 20), looked at once nobody else can take from it.
_REMOVE_UNUSED = """
    DELETE FROM ipam_network WHERE id = %s
    AND NOT EXISTS (SELECT 1 FROM ipam_network WHERE parent_id = %s)
    AND NOT EXISTS (SELECT 1 FROM ipam_cluster WHERE network_id = %s)
    AND NOT EXISTS (SELECT 1 FROM ipam_machinenetwork WHERE network_id = %s)
    AND NOT EXISTS (SELECT 1 FROM ipam_ipaddress WHERE network_id = %s)
    AND NOT EXISTS (SELECT 1 FROM ipam_claim WHERE child_id = %s)
    RETURNING id
"""
# With the locks of the prefixes that they were carved from, for those get back what they gave; and what those are by
# now: whether they set it aside, and their prefix length.
_REMOVE_PREFIXES = {
    "sqlite": "DELETE FROM ipam_prefix WHERE network_id = %s RETURNING id, FALSE, NULL",
    "postgresql": """
        WITH source AS MATERIALIZED (
            SELECT id, sets_aside, length FROM ipam_prefix
            WHERE id IN (SELECT parent_id FROM ipam_prefix WHERE network_id = %s) ORDER BY family, id FOR NO KEY UPDATE
        )
        DELETE FROM ipam_prefix WHERE network_id = %s RETURNING id, (SELECT bool_or(sets_aside) FROM source),
            (SELECT length FROM source WHERE source.id = parent_id)
    """,
}


def remove(network: Network, *, undoes: int | None = None) -> None:
    """Remove a network that nothing is in, with its prefixes and free space; what it was carved from gets those back.

    Perhaps to undo the event that carved it.
    NotFound when it has gone, Stale, HasChildren, HasMachines, HasIps or InUse while it is in use.
    """
    current, prefixes = _lock(network)
    lookups.check_generation(current, network.expected_generations)
    access.require_change(current)
    _execute(_TAKE_FREE[connection.vendor], [current.pk])
    if any(prefix.sets_aside for prefix in prefixes):
        set_aside.forget(prefixes)
    if not _execute(_REMOVE_UNUSED, [current.pk] * 6):
        _refuse(current)
    carved = [prefix for prefix in prefixes if prefix.parent_id is not None]
    if current.vrf_id is not None:
        vrfs.give_up(current.vrf_id, shared=current.vrf_shared)  # before the space, as carving locks them
    statement = _REMOVE_PREFIXES[connection.vendor]
    removed = _execute(statement, [current.pk] * statement.count("%s"))
    if len(removed) != len(prefixes):
        raise errors.Busy(f"Others change the prefixes of {current} at this moment. Send it again.")
    if current.parent_id is not None:
        carving.give_back(current.parent_id, _returned(carved, removed), current.namespace_id, current.project_id)
    with writes.together():
        before = states.of(current, prefixes=prefixes)
        history.record(Verb.DELETE, current, before=before, blocks_ended=carved, undoes=undoes)
        quotas.charge(blocks_ended=carved)
        quotas.forget(current)


def _returned(carved: Sequence[Any], removed: Sequence[Any]) -> list[Returned]:
    """What comes back to the prefixes that these were carved from, as those were when they were locked."""
    keeps = any(is_so for _, is_so, _ in removed)
    lengths = {key: length for key, _, length in removed}
    return [
        Returned(one.parent_id, lengths[one.pk] or one.source_length, one.cidr, keeps or one.source_sets_aside)
        for one in carved
    ]


def _lock(network: Network) -> tuple[Network, list[Any]]:
    """The network as it is now, and its prefixes, each with the prefix length of what it lies in: all locked."""
    held = Prefix.objects.filter(network=network.pk) if lookups.is_id(Network, network.pk) else Prefix.objects.none()
    sources = (
        access.visible(held)
        .select_related("network")
        .annotate(source_length=F("parent__length"), source_sets_aside=F("parent__sets_aside"))
    )
    prefixes = list(sources.in_order().select_for_update(no_key=True, of=("network", "self")))
    return prefixes[0].network if prefixes else lookups.get(Network, network.pk, lock=True), prefixes


def _refuse(network: Network) -> None:
    """Say all that keeps the network; or that it is gone by now, and to look again."""
    broken: list[errors.IpamError] = []
    if count := network.children.count():
        broken.append(errors.HasChildren(f"{network.pk} has {count:,} child networks. Delete them first."))
    if count := network.clusters.count():
        broken.append(errors.InUse(f"{count:,} cluster plans stand on {network.pk}. Release and delete them first."))
    if count := network.attachments.count():
        broken.append(errors.HasMachines(f"{count:,} machines are in {network.pk}. Release them first."))
    if count := network.addresses.count():
        broken.append(errors.HasIps(f"{network.pk} holds {count:,} addresses. Release them first."))
    if (claim := Claim.objects.filter(child=network).first()) is not None:
        detail = f"A controller claims {network.pk} as “{claim}”. Release the claim of that name."
        broken.append(errors.InUse(detail))
    errors.raise_all(broken)
    raise errors.Busy(f"Others have just left {network.pk}. Nothing was changed; send it again.")


def _execute(statement: str, parameters: Sequence[Any]) -> list[Any]:
    """Run a statement; what it returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
