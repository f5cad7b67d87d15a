"""Who had an address at a moment, and what it was called then."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from ipam import errors
from ipam.addressing import Address, Cidr
from ipam.domain.core import access
from ipam.models import IPAddress, Mention, Tenure
from ipam.models.events import Verb
from ipam.models.tenures import TenureQuerySet


def name_as_of(held: Sequence[Tenure], moment: datetime) -> None:
    """Let these tenures of that moment have the names that their addresses had then; one statement."""
    by_place = {(one.network_id, one.address): one for one in held if one.length is None}
    if not by_place:
        return
    renamed = Mention.objects.filter(
        address__one_of=[address for _, address in by_place],
        event__verb=Verb.UPDATE,
        event__at__lte=moment,
        event__changes__has_key="name",
    )
    rows = renamed.order_by("event__at", "event").values_list("network_id", "address", "event__at", "event__changes")
    for network_id, address, at, changes in rows:
        one = by_place.get((network_id, address))
        if one is not None and at >= one.since:
            one.name = changes["name"][1] or ""


def holders_at(address: Address, namespace: UUID | None, moment: datetime) -> list[Tenure]:
    """Who had an address at a moment, of those that the caller may see, with the name that it had then.

    More than one only where it is in several namespaces and none was named. Invalid for a moment that has not come.
    """
    held = _held_at(Tenure.objects.of_address(address), namespace, moment)
    for one in held:
        name_as_of([one], moment)
    return held


def holders_of_block_at(cidr: Cidr, namespace: UUID | None, moment: datetime) -> list[Tenure]:
    """Whose a block, or a block that holds it, was at a moment, of those that the caller may see; as `holders_at`."""
    return _held_at(Tenure.objects.around(cidr), namespace, moment)


def of_addresses(addresses: Sequence[IPAddress], limit: int) -> list[Tenure]:
    """Who has and had these addresses of one namespace, of those that the caller may see; the newest `limit`."""
    of_them = Tenure.objects.of_addresses().filter(address__one_of=[one.address for one in addresses])
    found = access.visible(of_them.filter(namespace_id=addresses[0].namespace_id))
    return list(found.order_by("-since", "-id")[:limit])


def ended_of_machine(machine: str, limit: int) -> list[Tenure]:
    """What a machine, by its id, had and has no more, of what the caller may see; the newest `limit`."""
    ended = Tenure.objects.of_addresses().filter(machine_id=machine).exclude(until=None)
    return list(access.visible(ended).order_by("-until", "-id")[:limit])


def _held_at(tenures: TenureQuerySet, namespace: UUID | None, moment: datetime) -> list[Tenure]:
    if moment > timezone.now():
        raise errors.Invalid("That moment has not come yet. Give one that has passed.", field="at")
    found = access.visible(tenures.held_at(moment))
    return list(found.filter(namespace_id=namespace) if namespace else found)
