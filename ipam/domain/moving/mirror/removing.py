"""What is not there any more goes here too: first what refers to others. What is still used here stays, and is told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ipam import errors
from ipam.domain.core import bulk_insert
from ipam.domain.core.operations import operation
from ipam.domain.moving.mirror.plan import Plan
from ipam.domain.networks import address_batches, addresses, machines, networks, partitions, projects
from ipam.domain.networks.address_batches import MAX
from ipam.models import IPAddress

Refused = tuple[str, Any, errors.IpamError]  # section, object and why it stays
_REMOVE: Mapping[str, Callable[[Any], None]] = {
    "machines": machines.release,
    "networks": networks.delete,
    "projects": projects.delete,
    "partitions": partitions.delete,
}


def remove(plan: Plan) -> Iterator[Refused]:
    """Remove what the plan says, one by one where it is not many addresses; what has to stay, and why."""
    for keys in bulk_insert.batches(plan.moved, MAX):
        address_batches.leave(keys)
    for batch in bulk_insert.batches(plan.removed["ips"], MAX):
        yield from _release_all(batch)
    for section, do in _REMOVE.items():
        for one in sorted(plan.removed[section], key=lambda one: not getattr(one, "parent_id", None)):  # children first
            try:
                do(one)
            except errors.IpamError as error:
                if isinstance(error, errors.Busy):
                    raise
                yield section, one, error


def _release_all(rows: Sequence[IPAddress]) -> Iterator[Refused]:
    """Together, or one by one where something of Twofold's stands on one of them."""
    try:
        _release([row.pk for row in rows])
    except errors.Busy:
        raise
    except errors.IpamError as error:
        if len(rows) == 1:
            yield "ips", rows[0], error
        else:
            for row in rows:
                yield from _release_all([row])


@operation
def _release(keys: Sequence[Any]) -> None:
    held = addresses.lock(IPAddress.objects.filter(pk__one_of=keys))
    for one in held:
        one.machine = None  # which goes itself, or has let go of it there
    addresses.release_locked(held)
