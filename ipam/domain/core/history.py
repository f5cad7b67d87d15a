"""Change history: every operation leaves one event in its own transaction; the `context` says who asked for it.

An operation that is part of another leaves none: the outer one answers for all of it, and may gather what its parts
would have said (`gathering`). But what an import changes has events of its own, which say from what to what.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Model

from ipam.domain.core import context, counters
from ipam.domain.core.operations import is_part
from ipam.models import (
    VRF,
    ApiToken,
    Claim,
    Cluster,
    Event,
    IPAddress,
    Machine,
    Network,
    Partition,
    Project,
    RoleBinding,
)
from ipam.models.base import Record
from ipam.models.events import MOST_LISTED, Kind, Verb

State = Mapping[str, Any]  # the fields of an object, as JSON has them
Holder = dict[str, str | None]  # {"project", "machine"}
R = TypeVar("R", bound=Record)
Group = dict[str, Any]  # {"network", "addresses", "before", "after"}
Move = tuple[IPAddress, Holder | None, Holder | None]  # an address, who held it before, who holds it now

_BATCH = 1_000
_KINDS: dict[type[Model], tuple[Kind, tuple[str, ...]]] = {
    Partition: (Kind.PARTITION, (*Partition.texts, "labels")),
    Project: (Kind.PROJECT, (*Project.texts, "labels")),
    VRF: (Kind.VRF, (*VRF.texts, "labels")),
    ApiToken: (Kind.TOKEN, ("name", "is_read_only", "projects", "networks", "expires_at")),
    RoleBinding: (Kind.MEMBER, ("role", "project_id")),
    Machine: (Kind.MACHINE, (*Machine.texts, "labels", "project_id", "partition_id", "role", "asn")),
    Claim: (Kind.CLAIM, ("name", "project_id", "network_id", "allocation")),
    Cluster: (
        Kind.CLUSTER,
        (
            *(*Cluster.texts, "labels"),
            *("project_id", "network_id", "state", "platform", "kubernetes_version", "families", "node_mask"),
            *("max_pods", "wanted_nodes", "native_routing"),
        ),
    ),
    IPAddress: (Kind.ADDRESS, (*IPAddress.texts, "labels", "type")),
    Network: (
        Kind.NETWORK,
        (
            *(*Network.texts, "labels"),
            *("type", "stack", "project_id", "partition_id", "namespace_id", "parent_id", "vrf_id", "vrf_shared"),
            *("nat_type", "destination_prefixes", "additional_announcable_cidrs"),
            *("default_child_prefix_length", "min_child_prefix_length"),
        ),
    ),
}


# --- what happened --------------------------------------------------------------------------------
def state(subject: Model, **more: Any) -> State:
    """The fields of an object that history shows, in the words of the API, and `more` that is no column."""
    _, fields = _KINDS[type(subject)]
    shown = {field.removesuffix("_id"): getattr(subject, field) for field in fields}
    return {name: _plain(value) for name, value in (shown | more).items()}


def changes(before: State, after: State) -> dict[str, list[Any]]:
    """{field: [before, after]} of what differs; a field that is missing or empty on both sides does not."""
    pairs = {name: [before.get(name), after.get(name)] for name in dict.fromkeys([*before, *after])}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and any(pair)}


def record(
    verb: Verb,
    subject: Model,
    *,
    before: State | None = None,
    after: State | None = None,
    moves: Iterable[Move] = (),
) -> None:
    """Leave the event of an operation on one object; without `before` it is new, without `after` it is gone."""
    kind, _ = _KINDS[type(subject)]
    write(verb, kind, **_columns(subject, changes(before or {}, after or {}), groups(moves)))


def _columns(subject: Model, changed: Mapping[str, Any], holders: Sequence[Group] = ()) -> dict[str, Any]:
    """The columns of an event on one object that is no address."""
    kind, _ = _KINDS[type(subject)]
    return {
        "object_id": str(subject.pk),
        "object_name": getattr(subject, "name", ""),
        "network_id": subject.pk if kind == Kind.NETWORK else getattr(subject, "network_id", ""),
        "project_id": subject.pk if kind == Kind.PROJECT else getattr(subject, "project_id", None),
        "changes": changed,
        "holders": holders,
    }


def revise(subject: R, **fields: Any) -> R:
    """Set fields of a locked object, save them as one change, and leave the event of it."""
    before = state(subject)
    subject.revise(**fields)
    record(Verb.UPDATE, subject, before=before, after=state(subject))
    return subject


def record_addresses(verb: Verb, moves: Sequence[Move], *, changed: Mapping[str, Any] | None = None) -> None:
    """Leave the event of an operation on addresses, one for all of them; none when there are none.

    Without `changed`, {field: [before, after]}, the words that all of them share come with addresses that nobody
    held before, and go with those that nobody holds now.
    """
    if moves:
        write(verb, Kind.ADDRESS, **_about(moves, _appearance(moves) if changed is None else changed))


def record_each(verb: Verb, changed: Sequence[tuple[Any, State]]) -> None:
    """Leave the events of objects of one kind that were changed, with what each was before, by one INSERT.

    Addresses that were changed alike share one.
    """
    if not changed:
        return
    kind, _ = _KINDS[type(changed[0][0])]
    pairs = [(subject, changes(before, state(subject))) for subject, before in changed]
    found = _alike(pairs) if kind == Kind.ADDRESS else [_columns(subject, differing) for subject, differing in pairs]
    if not is_part():
        _store([(verb, kind, columns) for columns in found])
    elif (gathered := _gathered.get()) is not None:
        for columns in found:
            gathered.update(kind, columns)


def _alike(pairs: Iterable[tuple[IPAddress, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    alike: dict[str, tuple[Mapping[str, Any], list[IPAddress]]] = {}
    for address, differing in pairs:
        alike.setdefault(json.dumps(differing, sort_keys=True), (differing, []))[1].append(address)
    return [_about(kept(rows), differing) for differing, rows in alike.values()]


def _about(moves: Sequence[Move], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an event on addresses, at least one."""
    rows = [address for address, _, _ in moves]
    return {
        "object_id": str(_common(row.allocation for row in rows) or ""),
        "object_name": _common(row.name for row in rows) or "",
        "network_id": _common(row.network_id for row in rows) or "",
        "project_id": _common(row.project_id for row in rows),
        "count": len(rows),
        "changes": changed,
        "holders": groups(moves),
    }


def record_user(verb: Verb, user: User, changed: Mapping[str, Any]) -> None:
    """Leave the event of an operation on somebody who signs in."""
    write(verb, Kind.USER, object_id=str(user.pk), object_name=user.get_username(), changes=changed)


def write(verb: Verb, kind: Kind, *, holders: Sequence[Group] = (), **columns: Any) -> None:
    """Store an event with these columns, unless the operation is part of another; one INSERT."""
    if not is_part():
        _store([(verb, kind, {**columns, "holders": holders})])
    elif (gathered := _gathered.get()) is not None:
        gathered.add(holders or joined(filter(None, [columns.get("network_id")])))
        if verb == Verb.UPDATE and columns.get("object_id"):
            gathered.update(kind, {**columns, "holders": holders})


def _store(found: Iterable[tuple[Verb, Kind, dict[str, Any]]]) -> None:
    caller = context.current()
    rows = []
    for verb, kind, columns in found:
        counters.changed(kind, verb, columns.get("count", 1))
        addresses = [address for group in columns["holders"] for address in group["addresses"]]
        rows.append(
            Event(
                actor=caller.user,
                door=caller.door,
                request_id=caller.request_id,
                verb=verb,
                kind=kind,
                addresses=addresses,
                first_addresses=addresses[:MOST_LISTED],
                **columns,
            )
        )
    Event.objects.bulk_create(rows, batch_size=_BATCH)


class Gathered:
    """Which networks and addresses the parts of an operation were about, in as few groups as can be; what they changed.

    An object that several parts changed went from what it was before the first to what it is after the last.
    """

    def __init__(self) -> None:
        self._groups: dict[Any, Group] = {}
        self._updates: dict[Any, tuple[Kind, dict[str, Any]]] = {}

    @property
    def holders(self) -> list[Group]:
        return list(self._groups.values())

    def add(self, groups: Iterable[Group]) -> None:
        for group in groups:
            key = group["network"], *_key(group["before"]), *_key(group["after"])
            known = self._groups.setdefault(key, {**group, "addresses": []})
            known["addresses"] += group["addresses"]

    def update(self, kind: Kind, columns: dict[str, Any]) -> None:
        key = kind, columns["object_id"], *(address for group in columns["holders"] for address in group["addresses"])
        _, known = self._updates.pop(key, (kind, {"changes": {}}))
        self._updates[key] = kind, {**columns, "changes": _followed(known["changes"], columns["changes"])}

    def join(self, other: "Gathered") -> None:
        self.add(other.holders)
        for kind, columns in other._updates.values():
            self.update(kind, columns)

    def store(self) -> None:
        updates = [(Verb.UPDATE, kind, columns) for kind, columns in self._updates.values() if columns["changes"]]
        _store(updates)


def _followed(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Changes and those after them as one."""
    pairs = {name: [first.get(name, pair)[0], pair[1]] for name, pair in then.items()}
    return {name: pair for name, pair in {**first, **pairs}.items() if pair[0] != pair[1]}


_gathered: ContextVar[Gathered | None] = ContextVar("gathered", default=None)


@contextmanager
def gathering() -> Iterator[Gathered]:
    """What the operations inside are about, for the one event of the outer one; what raises has been about nothing.

    What they changed is stored as events of their own, where nothing gathers around this.
    """
    gathered, outer = Gathered(), _gathered.get()
    before = _gathered.set(gathered)
    try:
        yield gathered
    finally:
        _gathered.reset(before)
    if outer is not None:
        outer.join(gathered)
    else:
        gathered.store()


# --- who held an address --------------------------------------------------------------------------
def holder(address: IPAddress) -> Holder:
    """Who holds an address: a project, and perhaps one of its machines."""
    return {"project": str(address.project_id), "machine": address.machine_id}


def taken(addresses: Iterable[IPAddress]) -> list[Move]:
    """Addresses that were free and now are held."""
    return [(address, None, holder(address)) for address in addresses]


def freed(addresses: Iterable[IPAddress]) -> list[Move]:
    """Addresses that were held and now are free."""
    return [(address, holder(address), None) for address in addresses]


def kept(addresses: Iterable[IPAddress]) -> list[Move]:
    """Addresses whose holder stays the same."""
    return [(address, holder(address), holder(address)) for address in addresses]


def joined(networks: Iterable[str]) -> list[Group]:
    """Networks that an operation on several is about, besides those of its addresses."""
    return [{"network": network, "addresses": [], "before": None, "after": None} for network in networks]


def groups(moves: Iterable[Move]) -> list[Group]:
    """One group for all addresses of a network that went from the same holder to the same."""
    found: dict[Any, Group] = {}
    for address, before, after in moves:
        key = address.network_id, *_key(before), *_key(after)
        if key not in found:
            found[key] = {"network": address.network_id, "addresses": [], "before": before, "after": after}
        found[key]["addresses"].append(str(address.address))
    return list(found.values())


def _key(holder: Holder | None) -> tuple[Any, ...]:
    return (None, None) if holder is None else (holder["project"], holder["machine"])


def _appearance(moves: Sequence[Move]) -> dict[str, Any]:
    """The words that all addresses share, as they come or go."""
    first, before, after = moves[0]
    if before and after:
        return {}
    shared = {
        name: value
        for name, value in state(first).items()
        if value and all(getattr(address, name) == value for address, _, _ in moves)
    }
    return changes({}, shared) if after else changes(shared, {})


def _common(values: Iterable[Any]) -> Any:
    """The one value that all are equal to, or None."""
    rest = iter(values)
    first = next(rest, None)
    return first if all(value == first for value in rest) else None


def _plain(value: Any) -> Any:
    """A value as JSON has it: ids as text, families by their key."""
    if isinstance(value, dict):
        return {getattr(key, "key", key): one for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [one if isinstance(one, str) else str(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
