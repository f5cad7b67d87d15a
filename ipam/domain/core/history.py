"""Change history: every operation leaves one event in its own transaction.

An operation inside another leaves none, for that one answers for it, unless that one lets the operations in it speak
(`as_one_event`): then each leaves an event that is a part of that one's. Addresses and blocks that change hands are
told by tenures: those that the event of the whole operation began and ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone

from ipam.domain.core import counters, event_rows, states, tenures
from ipam.domain.core.event_rows import Addresses
from ipam.domain.core.operations import depth, is_part
from ipam.domain.core.states import Changes, State
from ipam.models import Event, Prefix, Tenure
from ipam.models.base import Record
from ipam.models.events import MOST_LISTED, Kind, Verb

R = TypeVar("R", bound=Record)


def record(
    verb: Verb,
    subject: Model,
    *,
    before: State | None = None,
    after: State | None = None,
    ended: Addresses = (),
    begun: Addresses = (),
    blocks_ended: Sequence[Prefix] = (),
    blocks_begun: Sequence[Prefix] = (),
) -> None:
    """Leave the event of an operation on one object; without `before` it is new, without `after` it is gone.

    With it go the addresses and child prefixes that are held no longer (`ended`), and those that are from now on
    (`begun`).
    """
    differing = states.between(before or {}, after or {})
    columns = event_rows.columns_of(subject)
    event = write(verb, states.kind(subject), ended=ended, begun=begun, changes=differing, **columns)
    if blocks_ended:
        tenures.end_blocks(_answering(event), blocks_ended)
    if blocks_begun:
        tenures.begin_blocks(_answering(event), blocks_begun)


def revise(subject: R, **fields: Any) -> R:
    """Set fields of a locked object, save them as one change, and leave the event of it."""
    before = states.of(subject)
    subject.revise(**fields)
    record(Verb.UPDATE, subject, before=before, after=states.of(subject))
    return subject


def record_addresses(
    verb: Verb,
    *,
    ended: Addresses = (),
    begun: Addresses = (),
    unchanged: Addresses = (),
    changed: Changes | None = None,
) -> None:
    """Leave the event of an operation on addresses, one for all of them; none when there are none.

    They are held no longer (`ended`), or from now on (`begun`), or by whom they were (`unchanged`). Without `changed`
    the words that all of them share come with those that begin, and go with those that end.
    """
    if rows := _once(ended, begun, unchanged):
        if changed is None:
            words = event_rows.shared_words(rows)
            changed = states.between({}, words) if begun else states.between(words, {})
        columns = {**event_rows.columns_of_addresses(rows), "changes": changed}
        write(verb, Kind.ADDRESS, ended=ended, begun=begun, unchanged=unchanged, **columns)


def record_each(verb: Verb, changed: Sequence[tuple[Any, State]]) -> None:
    """Leave the events of objects of one kind that were changed, with what each was before, by one INSERT.

    Addresses that were changed alike share one. As parts of a whole those of what did not differ are left out.
    """
    whole = _whole.get()
    if not changed or (is_part() and whole is None):
        return
    kind, part_of = states.kind(changed[0][0]), whole.event if whole else None
    pairs = [(subject, states.between(before, states.of(subject))) for subject, before in changed]
    if whole is not None:
        pairs = [(subject, differing) for subject, differing in pairs if differing]
    if kind != Kind.ADDRESS:
        found = [(subject, differing, event_rows.columns_of(subject)) for subject, differing in pairs]
        _store([event_rows.event(verb, kind, changes=said, part_of=part_of, **columns) for _, said, columns in found])
        return
    alike = event_rows.alike(pairs)
    events = [
        event_rows.event(
            verb, kind, rows, changes=said, part_of=part_of, **event_rows.columns_of_addresses(rows)
        )
        for rows, said in alike
    ]  # fmt: skip
    event_rows.mention((event, rows) for event, (rows, _) in zip(_store(events), alike, strict=True))


def record_user(verb: Verb, user: User, changed: Mapping[str, Any]) -> None:
    """Leave the event of an operation on somebody who signs in."""
    write(verb, Kind.USER, object_id=str(user.pk), object_name=user.get_username(), changes=changed)


def record_filled(verb: Verb, **columns: Any) -> None:
    """Leave the event of an operation that stored rows beside all others, and let tenures tell what is held now."""
    tenures.make_true(_answering(write(verb, Kind.INSTALLATION, **columns)))


def write(
    verb: Verb,
    kind: Kind,
    *,
    ended: Addresses = (),
    begun: Addresses = (),
    unchanged: Addresses = (),
    **columns: Any,
) -> Event | None:
    """Store an event with these columns, and the rows of its addresses; one statement for each table.

    Returns the event that answers for all of it: this one, or that of the whole that it is a part of; None where the
    operation around this one lets nobody else speak.
    """
    whole = _whole.get()
    if whole is not None:
        event: Event | None = whole.tell(verb, kind, ended, begun, unchanged, columns)
    else:
        event = None if is_part() else _write_alone(verb, kind, ended, begun, unchanged, columns)
    if ended:
        tenures.end(_answering(event), ended)
    if begun:
        tenures.begin(_answering(event), begun)
    return event


@contextmanager
def as_one_event(verb: Verb) -> Iterator[None]:
    """Let the operations inside speak: their events are parts of that of the operation that this stands in.

    That one says itself what it was all about, inside; where nothing has happened it leaves no event. Inside another
    whole all are parts of that.
    """
    if _whole.get() is not None:
        yield
        return
    whole = _Whole(verb)
    before = _whole.set(whole)
    try:
        yield
    finally:
        _whole.reset(before)
    if not whole.is_described:
        whole.event.delete()


def _write_alone(
    verb: Verb, kind: Kind, ended: Addresses, begun: Addresses, unchanged: Addresses, columns: Mapping[str, Any]
) -> Event:
    rows = _once(ended, begun, unchanged)
    (event,) = _store([event_rows.event(verb, kind, rows, **columns)])
    if unchanged:
        event_rows.mention([(event, unchanged)])
    if rows and not event.network_id:
        event_rows.mention_networks(event, event_rows.networks_of(rows))
    return event


def _answering(event: Event | None) -> Event:
    if event is None:
        raise RuntimeError("Inside another operation nothing changes hands, unless that one is `as_one_event`.")
    return event


def _store(events: Sequence[Event]) -> list[Event]:
    for event in events:
        if event.part_of_id is None or event.verb == Verb.UPDATE:  # what a part has made, the whole counts
            counters.changed(event.kind, event.verb, event.count)
    return event_rows.store(events)


def _once(*addresses: Addresses) -> Addresses:
    return list(dict.fromkeys(chain(*addresses)))


class _Whole:
    """The event of an operation that lets the operations in it speak. It is stored first: its parts refer to it."""

    def __init__(self, verb: Verb) -> None:
        (self.event,) = event_rows.store([event_rows.event(verb, Kind.INSTALLATION)])
        self.is_described = False
        self._depth = depth()
        self._first_addresses: list[str] = []
        self._updated: set[tuple[Kind, str]] = set()  # what was perhaps updated: what is refused is undone

    def tell(
        self,
        verb: Verb,
        kind: Kind,
        ended: Addresses,
        begun: Addresses,
        unchanged: Addresses,
        columns: dict[str, Any],
    ) -> Event:
        """Store a part, or what the whole was about. Addresses that change hands are told by the tenures alone."""
        if depth() == self._depth:
            self._describe(verb, kind, columns)
        elif kind != Kind.ADDRESS or unchanged:
            self._add_part(verb, kind, unchanged, columns)
        room = MOST_LISTED - len(self._first_addresses)
        self._first_addresses += [str(row) for row in _once(ended, begun)[:room]]
        return self.event

    def _describe(self, verb: Verb, kind: Kind, columns: dict[str, Any]) -> None:
        """It is as of now, after its parts, and mentions the networks that those were about."""
        said = {**columns, "verb": verb, "kind": kind, "at": timezone.now(), "first_addresses": self._first_addresses}
        for name, value in said.items():
            setattr(self.event, name, value)
        self.event.save(update_fields=list(said))
        counters.changed(kind, verb, self.event.count)
        self.is_described = True
        if not self.event.network_id:
            event_rows.mention_networks(self.event, self._networks())

    def _networks(self) -> set[str]:
        parts = self.event.parts.exclude(network_id="").order_by().values_list("network_id", flat=True)
        begun = Tenure.objects.filter(begun_by=self.event.pk).order_by().values_list("network_id", flat=True)
        ended = Tenure.objects.filter(ended_by=self.event.pk).order_by().values_list("network_id", flat=True)
        return set(parts.union(begun, ended))

    def _add_part(self, verb: Verb, kind: Kind, unchanged: Addresses, columns: dict[str, Any]) -> None:
        """An object that several parts changed went from what it was before the first to what it is after the last."""
        if verb == Verb.UPDATE and not columns["changes"]:
            return
        if verb == Verb.UPDATE and not unchanged and self._follow(kind, columns):
            return
        (part,) = _store([event_rows.event(verb, kind, unchanged, part_of=self.event, **columns)])
        event_rows.mention([(part, unchanged)])

    def _follow(self, kind: Kind, columns: dict[str, Any]) -> bool:
        """Add changes to those of an earlier part, if there is one of this object."""
        key = kind, columns["object_id"]
        if key not in self._updated:
            self._updated.add(key)
            return False
        earlier = self.event.parts.filter(verb=Verb.UPDATE, kind=kind, object_id=columns["object_id"]).last()
        if earlier is None:
            return False
        earlier.changes = states.followed(earlier.changes, columns["changes"])
        earlier.save(update_fields=["changes"]) if earlier.changes else earlier.delete()
        return True


_whole: ContextVar[_Whole | None] = ContextVar("whole", default=None)
