"""Setting quotas, and counting what they limit: by operators, while nobody else writes to what is counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Count, Model, Q

from ipam import errors
from ipam.addressing import Family, size
from ipam.domain.core import access, bulk_insert, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import IPAddress, Network, Prefix, Project, Quota
from ipam.models.events import Kind, Verb

Where = tuple[UUID, str | None, int]  # project, network, family

MAX_LIMIT = 2**128
_COUNTED: dict[str, type[Model]] = {
    Quota.Resource.ADDRESSES: IPAddress,
    Quota.Resource.NETWORKS: Prefix,
    Quota.Resource.SPACE: Prefix,
}
# Whose it is, where, and what else it is counted by.
_GROUPS: dict[str, tuple[str, ...]] = {
    Quota.Resource.ADDRESSES: ("project", "network"),
    Quota.Resource.NETWORKS: ("network__project", "network__parent"),
    Quota.Resource.SPACE: ("network__project", "network__parent", "length"),
}
_TOGETHER = 1_000  # quotas whose projects and networks one statement names


@operation
def create(
    *,
    project: Project,
    address_family: Family,
    resource: str,
    limit: int,
    network: Network | None = None,
    id: UUID | None = None,
) -> Quota:
    """Limit what a project may have of a family, everywhere or in one network: 0..2^128 addresses or child networks.

    What it has is counted, while nobody else writes it, and may be more: then growth is refused. AlreadyExists for a
    second one, Invalid for another resource or limit, NetworkNotUsable where a network never holds what it counts.
    """
    access.require(Permission.OPERATE)
    where = None if network is None else lookups.get(Network, network.pk, field="network", lock=True)
    _check(resource, limit, where)
    _lock_counted(resource)
    lookups.get(Project, project.pk, field="project")  # who waited may find it gone
    about = {"project": project, "network": where, "family": int(address_family), "resource": resource}
    quota = Quota(pk=id or uuid4(), limit=limit, **about)
    if held := Quota.objects.filter(Q(**about) | Q(pk=quota.pk)).first():
        raise errors.AlreadyExists(f"{held.project} has a quota of {held} already. Change its limit.")
    quota.used = count(quota)
    quota.save(force_insert=True)
    history.record(Verb.CREATE, quota, after=_state(quota))
    return quota


@operation
def update(quota: Quota, *, limit: int) -> Quota:
    """Change the limit, 0..2^128, also to less than is used: then only growth is refused."""
    access.require(Permission.OPERATE)
    _check_limit(limit)
    current = lookups.get(Quota, quota.pk, lock=True)
    before = _state(current)
    current.revise(limit=limit)
    history.record(Verb.UPDATE, current, before=before, after=_state(current))
    return current


@operation
def delete(quota: Quota) -> None:
    """Remove a quota: what it counted is limited no longer. NotFound when it has gone."""
    access.require(Permission.OPERATE)
    current = lookups.get(Quota, quota.pk, lock=True)
    history.record(Verb.DELETE, current, before=_state(current))
    current.delete()


def count(quota: Quota) -> int:
    """What the rows themselves say that is used."""
    return count_all([quota])[quota.pk]


def count_all(quotas: Iterable[Quota]) -> dict[UUID, int]:
    """What the rows say that is used, by the quotas' keys: three statements for thousands of them."""
    found: dict[UUID, int] = {}
    for some in bulk_insert.batches(quotas, _TOGETHER):
        for resource in Quota.Resource.values:
            counting = [quota for quota in some if quota.resource == resource]
            used = _count(resource, counting) if counting else {}
            found |= {quota.pk: used[quota.about[:3]] for quota in counting}
    return found


def _count(resource: str, quotas: Sequence[Quota]) -> Counter[Where]:
    """How much of a resource there is of what these quotas are of: by project, network (None for all) and family."""
    owner, place, *length = _GROUPS[resource]
    among: dict[str, Any] = {f"{owner}__in": {quota.project_id for quota in quotas}, f"{place}__isnull": False}
    places = {quota.network_id for quota in quotas}
    if None not in places:
        among[f"{place}__in"] = places
    rows = _COUNTED[resource]._default_manager.filter(family__in={quota.family for quota in quotas}, **among)
    number = Count("network", distinct=True) if resource == Quota.Resource.NETWORKS else Count("*")
    found: Counter[Where] = Counter()
    grouped = rows.order_by().values_list(owner, place, "family", *length).annotate(number=number)
    for project, network, family, *of_length, counted in grouped:
        amount = counted * size(Family(family), *of_length) if of_length else counted
        found[project, network, family] += amount
        found[project, None, family] += amount
    return found


@operation
def count_again() -> None:
    """Let every counter say what is there."""
    access.require(Permission.OPERATE)
    for resource in (Quota.Resource.ADDRESSES, Quota.Resource.SPACE):
        _lock_counted(resource)
    quotas = lookups.lock_all(Quota.objects.order_by("pk"), no_key=True)
    used = count_all(quotas)
    for quota in quotas:
        quota.used = used[quota.pk]
    Quota.objects.bulk_update(quotas, ["used"], batch_size=200)
    history.write(Verb.REPAIR, Kind.QUOTA, object_name="quotas", count=len(quotas))


def _lock_counted(resource: str) -> None:
    """Keep others from writing what is counted until the transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {_COUNTED[resource]._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _check(resource: str, limit: int, network: Network | None) -> None:
    if resource not in Quota.Resource.values:
        raise errors.Invalid(f"A resource is one of {', '.join(Quota.Resource.values)}.", field="resource")
    _check_limit(limit)
    if network is None or network.is_super == (resource != Quota.Resource.ADDRESSES):
        return
    why = (
        "is a super network: it holds no addresses. Limit the networks or the space in it."
        if network.is_super
        else "is no super network: nothing is carved from it. Limit the addresses in it."
    )
    raise errors.NetworkNotUsable(f"{network} {why}", field="network")


def _check_limit(limit: int) -> None:
    if not 0 <= limit <= MAX_LIMIT:
        raise errors.Invalid("A limit is a whole number from 0 to 2^128.", field="limit")


def _state(quota: Quota) -> states.State:
    """As history shows it: numbers of any size as text."""
    return states.of(quota, limit=str(quota.limit), family=quota.address_family.key)
