"""Partitions: sites and failure domains, where networks and machines are."""

from typing import Any

from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import ids
from ipam.models import Partition
from ipam.models.events import Verb


@operation
def create(*, id: str, name: str = "", description: str = "", labels: dict[str, str] | None = None) -> Partition:
    """A new site; `id` is a slug of 2 to 128 characters (rules 3 and 4b).

    Invalid for an id that is no slug, ReservedId for a word of a URL, AlreadyExists if it is taken in any case.
    """
    access.require(Permission.OPERATE)
    ids.check_new_id(Partition, id)
    partition = Partition.objects.create(pk=id, name=name, description=description, labels=labels or {})
    history.record(Verb.CREATE, partition, after=states.of(partition))
    return partition


@operation
def update(partition: Partition, **changes: Any) -> Partition:
    """Change name, description or labels; Forbidden for all but operators, NotFound when it has gone."""
    access.require(Permission.OPERATE)
    current = lookups.get(Partition, partition.pk, lock=True)
    access.require_own(current)
    return history.revise(current, **changes)


@operation
def delete(partition: Partition) -> None:
    """Remove a partition; InUse while networks or machines are in it."""
    access.require(Permission.OPERATE)
    current = lookups.get(Partition, partition.pk, lock=True)
    access.require_own(current)
    lookups.check_unused(current, "networks", "machines")
    history.record(Verb.DELETE, current, before=states.of(current))
    current.delete()
