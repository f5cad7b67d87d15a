"""The event of an operation that lets the operations inside it speak (`history.as_one_event`), and its parts."""

from typing import Any

from django.utils import timezone

from ipam.domain.core import counters, event_rows, states
from ipam.domain.core.event_rows import Addresses
from ipam.domain.core.operations import depth
from ipam.models import Event, Mention, Tenure
from ipam.models.events import MAX_LISTED, Kind, Verb


class Whole:
    """The event of an operation that lets the operations in it speak. It is stored first: its parts refer to it."""

    def __init__(self, verb: Verb) -> None:
        self.event = event_rows.event(verb, Kind.INSTALLATION)
        self.event.save(force_insert=True)
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
        self.event.at = timezone.now()  # what changes hands now does so after whatever this has waited for
        if depth() == self._depth:
            self._describe(verb, kind, columns)
        elif kind != Kind.ADDRESS or unchanged:
            self._add_part(verb, kind, unchanged, columns)
        room = MAX_LISTED - len(self._first_addresses)
        self._first_addresses += [str(row) for row in event_rows.once(ended, begun)[:room]]
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
            event_rows.mention_networks([(self.event, self._networks())])

    def _networks(self) -> set[str]:
        parts = self.event.parts.exclude(network_id="").order_by().values_list("network_id", flat=True)
        begun = Tenure.objects.filter(begun_by=self.event.pk).order_by().values_list("network_id", flat=True)
        ended = Tenure.objects.filter(ended_by=self.event.pk).order_by().values_list("network_id", flat=True)
        mentioned = Mention.objects.filter(event__part_of=self.event, address=None).values_list("network_id", flat=True)
        return set(parts.union(begun, ended, mentioned))

    def _add_part(self, verb: Verb, kind: Kind, unchanged: Addresses, columns: dict[str, Any]) -> None:
        """An object that several parts changed went from what it was before the first to what it is after the last."""
        if verb == Verb.UPDATE and not columns["changes"]:
            return
        if verb == Verb.UPDATE and not unchanged and self._follow(kind, columns):
            return
        (part,) = event_rows.store([event_rows.event(verb, kind, unchanged, part_of=self.event, **columns)])
        event_rows.mention([(part, unchanged)])
        event_rows.mention_networks([(part, event_rows.networks_of(unchanged))])

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
