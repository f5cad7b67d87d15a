"""Change history: every operation leaves one event in its own transaction.

An operation inside another leaves none, for that one answers for it, unless that one lets the operations in it speak
(`as_one_event`): then each leaves an event that is a part of that one's. Addresses and blocks that change hands are
told by tenures: those that the event of the whole operation began and ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone

from ipam.domain.core import event_rows, states, tenures
from ipam.domain.core.event_rows import Addresses
from ipam.domain.core.operations import is_nested
from ipam.domain.core.states import Changes, State
from ipam.domain.core.wholes import Whole
from ipam.models import Event, Prefix
from ipam.models.base import Record
from ipam.models.events import Kind, Verb

R = TypeVar("R", bound=Record)

_whole: ContextVar[Whole | None] = ContextVar("whole", default=None)


def record(
    verb: Verb,
    subject: Model,
    *,
    before: State | None = None,
    after: State | None = None,
    ended: Addresses = (),
    begun: Addresses = (),
    unchanged: Addresses = (),
    blocks_ended: Sequence[Prefix] = (),
    blocks_begun: Sequence[Prefix] = (),
    **more: Any,
) -> None:
    """Leave the event of an operation on one object; without `before` it is new, without `after` it is gone.

    With it go the addresses and child prefixes that are held no longer (`ended`), those that are from now on
    (`begun`), and those whose tenures go on (`unchanged`). `more` are further columns of the event: whether it can be
    undone, what it undoes.
    """
    differing = states.between(before or {}, after or {})
    columns = {**event_rows.columns_of(subject, [*ended, *begun, *unchanged]), **more}
    rows = {"ended": ended, "begun": begun, "unchanged": unchanged}
    event = write(verb, states.kind(subject), **rows, changes=differing, **columns)
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
    **more: Any,
) -> None:
    """Leave the event of an operation on addresses, one for all of them; none when there are none.

    They are held no longer (`ended`), or from now on (`begun`), or by whom they were (`unchanged`). Without `changed`
    the words that all of them share come with those that begin, and go with those that end. `more` as `record` has it.
    """
    if rows := event_rows.once(ended, begun, unchanged):
        columns = {**_columns_of_addresses(rows, is_begun=bool(begun)), **more}
        if changed is not None:
            columns["changes"] = changed
        write(verb, Kind.ADDRESS, ended=ended, begun=begun, unchanged=unchanged, **columns)


def event_on(verb: Verb, rows: Addresses, *, is_begun: bool, **more: Any) -> Event:
    """The event of an operation on addresses, none inside another, for who stores it together with their rows.

    Addresses that begin need not be known yet. `more` as `record` has it.
    """
    known = () if is_begun else rows
    return event_rows.event(verb, Kind.ADDRESS, known, **_columns_of_addresses(rows, is_begun=is_begun), **more)


def record_each(verb: Verb, changed: Sequence[tuple[Any, State]]) -> None:
    """Leave the events of objects of one kind that were changed, with what each was before, by one INSERT.

    Addresses that were changed alike share one. As parts of a whole those of what did not differ are left out.
    """
    whole = _whole.get()
    if not changed or (is_nested() and whole is None):
        return
    kind, part_of = states.kind(changed[0][0]), whole.event if whole else None
    pairs = [(subject, states.between(before, states.of(subject))) for subject, before in changed]
    told = [(subject, differing) for subject, differing in pairs if differing or whole is None]
    if kind != Kind.ADDRESS:
        event_rows.store(
            [
                event_rows.event(verb, kind, changes=said, part_of=part_of, **event_rows.columns_of(subject))
                for subject, said in told
            ]
        )
        return
    alike = event_rows.alike(told)
    events = [
        event_rows.event(verb, kind, rows, changes=said, part_of=part_of, **event_rows.columns_of_addresses(rows))
        for rows, said in alike
    ]
    stored = [(event, rows) for event, (rows, _) in zip(event_rows.store(events), alike, strict=True)]
    event_rows.mention(stored)
    event_rows.mention_networks((event, event_rows.networks_of(rows)) for event, rows in stored)


def record_made(verb: Verb, made: Sequence[tuple[Model, State]], *, blocks_begun: Sequence[Prefix] = ()) -> None:
    """Leave the events of objects that were made together, by one INSERT: parts of the whole that this is inside."""
    whole = _whole.get()
    if whole is None:
        raise RuntimeError("What is made together is a part of a whole: `as_one_event`.")
    whole.event.at = timezone.now()
    event_rows.store(
        event_rows.event(
            verb,
            states.kind(subject),
            part_of=whole.event,
            changes=states.between({}, after),
            **event_rows.columns_of(subject),
        )
        for subject, after in made
    )
    if blocks_begun:
        tenures.begin_blocks(whole.event, blocks_begun)


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
        event = None if is_nested() else _write_alone(verb, kind, ended, begun, unchanged, columns)
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
    whole = Whole(verb)
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
    rows = event_rows.once(ended, begun, unchanged)
    (event,) = event_rows.store([event_rows.event(verb, kind, rows, **columns)])
    if unchanged:
        event_rows.mention([(event, unchanged)])
    event_rows.mention_networks([(event, event_rows.networks_of(rows))])
    return event


def _columns_of_addresses(rows: Addresses, *, is_begun: bool) -> dict[str, Any]:
    """The columns of an event on addresses, with the words that all of them share, as they come or go."""
    words = event_rows.shared_words(rows)
    changes = states.between({}, words) if is_begun else states.between(words, {})
    return {**event_rows.columns_of_addresses(rows), "changes": changes}


def _answering(event: Event | None) -> Event:
    if event is None:
        raise RuntimeError("Inside another operation nothing changes hands, unless that one is `as_one_event`.")
    return event
