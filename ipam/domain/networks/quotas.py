"""Quotas: how much of a family a project may have. Whoever stores or removes what they count charges it here.

A quota's `used` is a counter. It changes by one statement after the rows that it counts, in their transaction: so its
row is locked for as long as the commit takes. An import charges at its end what its rows owe, and judges each of them
before by what is known then. How quotas are set, and counted, is in `quota_limits`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from ipam import errors
from ipam.addressing import Family, size
from ipam.domain.core import bulk_insert, owed, writes
from ipam.domain.core.constraints import raced
from ipam.fields import ADDED
from ipam.models import IPAddress, Network, Prefix, Quota
from ipam.wording import count_of

About = tuple[UUID, str | None, int, str]  # project, network, family, resource

_ADDRESSES, _NETWORKS, _SPACE = Quota.Resource
_IS_ITS = """
    quota.project_id = asked.project_id AND quota.family = asked.family AND quota.resource = asked.resource
    AND quota.network_id
"""
# Made a text anew, for SQLite compares columns in RETURNING as numbers, which it rounds.
_TOLD = "RETURNING CASE WHEN '' || used > '' || \"limit\" THEN id END AS told"
_CHARGE = {
    "sqlite": f"""
        WITH asked (project_id, network_id, family, resource, number) AS (VALUES {{rows}})
        UPDATE ipam_quota AS quota SET used = {ADDED["sqlite"].format(stored="quota.used", number="asked.number")}
        FROM asked WHERE {_IS_ITS} IS asked.network_id {_TOLD}
    """,  # noqa: S608  no values
    # Locked in the order of their keys.
    "postgresql": f"""
        WITH asked (project_id, network_id, family, resource, number) AS (
            SELECT * FROM unnest(%s::uuid[], %s::varchar[], %s::smallint[], %s::varchar[], %s::numeric[])
        ),
        held AS MATERIALIZED (
            SELECT quota.id AS key, asked.number FROM asked JOIN ipam_quota AS quota
            ON {_IS_ITS} IS NOT DISTINCT FROM asked.network_id ORDER BY quota.id FOR NO KEY UPDATE OF quota
        )
        UPDATE ipam_quota SET used = {ADDED["postgresql"].format(stored="used", number="held.number")}
        FROM held WHERE id = held.key {_TOLD}
    """,  # noqa: S608  no values
}


def counting(row: str, families: str) -> str:
    """The condition of a procedure on quotas that count an address such as `row`, of some families.

    Only the index by project fits it: a plan of a time when there were few might read all quotas of addresses.
    """
    return f"""project_id = {row}.project_id AND resource || '' = '{_ADDRESSES}' AND family + 0 {families}
      AND (network_id IS NULL OR network_id = {row}.network_id)"""


def charging(row: str, families: str, number: int) -> str:
    """The statement of a procedure that adds a number to these quotas, locked in the order of their keys."""
    return f"""UPDATE ipam_quota SET used = {ADDED["postgresql"].format(stored="used", number=number)}
    FROM (SELECT id AS key FROM ipam_quota WHERE {counting(row, families)} ORDER BY id::text FOR NO KEY UPDATE) AS held
    WHERE id = held.key"""  # noqa: S608  no values


def charge(
    *,
    begun: Iterable[IPAddress] = (),
    ended: Iterable[IPAddress] = (),
    blocks_begun: Iterable[Prefix] = (),
    blocks_ended: Iterable[Prefix] = (),
    is_judged: bool = False,
) -> None:
    """Count addresses and child prefixes that have just been stored, or removed, in the quotas of their projects.

    Child prefixes know their networks; all that a network has, or loses, of a family comes in one call. QuotaExceeded
    when more is stored than a quota allows: the first by addresses, networks, space, IPv4 first; of what is judged
    already others have taken it meanwhile, so that is tried again. Whoever gives back is never refused. Without a quota
    it costs a look at an index.
    """
    asked = _numbers(begun, blocks_begun)
    asked.subtract(_numbers(ended, blocks_ended))
    changes = {about: number for about, number in asked.items() if number}
    if owed.is_gathered():
        _owe(changes, is_judged=is_judged)
    else:
        _charge(changes, is_judged=is_judged)


def charged_at_end() -> AbstractContextManager[None]:
    """What operations inside charge is judged there, and locked and counted once, when all of it is done.

    Nobody waits for a quota until then; where it has been used up meanwhile, all is tried again.
    """
    return owed.settled_at_end(partial(_charge, is_judged=True))


def find_past(rows: Mapping[int, IPAddress]) -> dict[int, errors.IpamError]:
    """Which of these new addresses, by their places, are past a quota, if they are taken in this order; and why."""
    quotas = {quota.about: quota for quota in _as_they_stand({row.project_id for row in rows.values()})}
    past: dict[int, errors.IpamError] = {}
    for place, row in rows.items() if quotas else ():
        counting = [quota for about in _numbers([row], ()) if (quota := quotas.get(about))]
        full = [quota for quota in counting if quota.used >= quota.limit]
        if full:
            past[place] = refusal(full[0], 1)
            continue
        for quota in counting:
            quota.used += 1
    return past


def find_tightest(network: Network, family: Family) -> dict[UUID, Quota]:
    """Of each project that has one, the quota that leaves it the fewest addresses of a family in a network."""
    found = Quota.objects.filter(Q(network=None) | Q(network=network), family=family, resource=_ADDRESSES)
    widest_first = sorted(found.select_related("project", "network"), key=lambda quota: quota.used - quota.limit)
    return {quota.project_id: quota for quota in widest_first}


def forget(network: Network) -> None:
    """Remove the quotas of a network that goes."""
    if _may_be_any("network_id", {network.pk}):
        writes.execute("DELETE FROM ipam_quota WHERE network_id = %s", [network.pk])


def _numbers(addresses: Iterable[IPAddress], prefixes: Iterable[Prefix]) -> Counter[About]:
    """How much of what each quota would count: of a project everywhere, and in the network."""
    found: Counter[About] = Counter()
    networks: set[tuple[str, int]] = set()
    for row in addresses:
        found[row.project_id, None, row.family, _ADDRESSES] += 1
        found[row.project_id, row.network_id, row.family, _ADDRESSES] += 1
    for prefix in prefixes:
        child = prefix.network
        amounts = {_SPACE: size(prefix.address_family, prefix.length)}
        if (child.pk, prefix.family) not in networks:
            networks.add((child.pk, prefix.family))
            amounts[_NETWORKS] = 1
        for resource, amount in amounts.items():
            for network in (None, child.parent_id):
                found[child.project_id, network, prefix.family, resource] += amount  # type: ignore[index]  # a child's
    return found


def _may_be_any(column: str, keys: Collection[Any]) -> bool:
    """Whether there may be quotas of these projects or networks: with PostgreSQL the statement itself finds out.

    SQLite is asked past Django, for that takes ten times as long as the look at the index.
    """
    if connection.vendor != "sqlite":
        return True
    asked = f"SELECT 1 FROM ipam_quota WHERE {column} IN ({', '.join('?' * len(keys))}) LIMIT 1"  # noqa: S608  no values
    stored = [writes.stored_uuid(key) if isinstance(key, UUID) else key for key in keys]
    return connection.connection.execute(asked, stored).fetchone() is not None


def _as_they_stand(projects: Collection[UUID]) -> list[Quota]:
    """The quotas of these projects, as others see them and with what is owed; they are not locked."""
    if not _may_be_any("project_id", projects):
        return []
    quotas = list(Quota.objects.filter(project__in=projects).select_related("project", "network"))
    for quota in quotas:
        quota.used += owed.so_far().get(quota.about, 0)
    return quotas


def _owe(changes: Mapping[About, int], *, is_judged: bool) -> None:
    """Leave changes to the end. Whoever sets a quota has seen their rows, or is seen: they hold the table's lock."""
    quotas = [quota for quota in _as_they_stand({project for project, *_ in changes}) if quota.about in changes]
    past = [quota for quota in quotas if quota.used + changes[quota.about] > quota.limit]
    if refused := _first_refusal(past, changes):
        raise raced(refused) if is_judged else refused
    owed.owe({quota.about: changes[quota.about] for quota in quotas})


def _charge(changes: Mapping[About, int], *, is_judged: bool) -> None:
    for batch in bulk_insert.batches(changes.items()):
        some = dict(batch)
        if _may_be_any("project_id", {project for project, *_ in some}):
            writes.execute_validated(*_statement(some), partial(_validate, some, is_judged))


def _statement(changes: Mapping[About, int]) -> tuple[str, list[Any]]:
    rows = [(*about, str(number)) for about, number in changes.items()]
    if connection.vendor == "postgresql":
        return _CHARGE["postgresql"], [list(column) for column in zip(*rows, strict=True)]
    marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    parameters = [value for project, *rest in rows for value in (writes.stored_uuid(project), *rest)]
    return _CHARGE["sqlite"].format(rows=marks), parameters


def _validate(changes: Mapping[About, int], is_judged: bool, keys: Sequence[Any]) -> None:
    """Refuse growth of what has more than its limit by now."""
    quotas = Quota.objects.filter(pk__in=keys).select_related("project", "network") if keys else ()
    for quota in quotas:
        quota.used -= changes[quota.about]
    if refused := _first_refusal(quotas, changes):
        raise raced(refused) if is_judged else refused


def _first_refusal(past: Iterable[Quota], changes: Mapping[About, int]) -> errors.QuotaExceeded | None:
    """What is said of growth past these quotas, which are as they were before it."""
    growing = [quota for quota in past if changes[quota.about] > 0]
    if not growing:
        return None
    order = list(Quota.Resource.values)
    first = min(growing, key=lambda quota: (order.index(quota.resource), quota.family, quota.network_id or ""))
    return refusal(first, changes[first.about])


def amount(quota: Quota, number: int) -> str:
    """A number of what a quota counts, as people say it; IPv6 space in /64s where these are whole."""
    family = quota.address_family
    if quota.resource == _SPACE and family is Family.IPV6 and number and number % size(family, 64) == 0:
        return f"{number // size(family, 64):,} × /64 of IPv6 in child networks"
    one, many = {
        _ADDRESSES: ("{} address", "{} addresses"),
        _NETWORKS: ("child network with {}", "child networks with {}"),
        _SPACE: ("{} address in child networks", "{} addresses in child networks"),
    }[Quota.Resource(quota.resource)]
    return f"{count_of(number, one, many).format(family.label)}"


def refusal(quota: Quota, asked: int) -> errors.QuotaExceeded:
    """What is said to whoever asks for so much more than a quota allows."""
    where = f" in {quota.network}" if quota.network_id else ""
    return errors.QuotaExceeded(
        f"{quota.project} may have {amount(quota, quota.limit)}{where} and has {quota.used:,}; {asked:,} more would be "
        "past its quota. Release what is unused, or ask an operator of the platform for a higher limit.",
        quota={
            "id": str(quota.pk),
            "project": str(quota.project_id),
            "network": quota.network_id,
            "address_family": quota.address_family.key,
            "resource": quota.resource,
            "limit": str(quota.limit),
            "used": str(quota.used),
            "asked": str(asked),
        },
    )
