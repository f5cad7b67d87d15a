import json
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from netaddr import IPAddress as Address

from ipam.models.base import NAME_LENGTH, SLUG_LENGTH
from ipam.values import parse_address

REQUEST_ID_LENGTH = 64
MOST_LISTED = 20  # addresses of an event that a list shows


class Door(models.TextChoices):
    DASHBOARD = "dashboard", "dashboard"
    API = "api", "API"
    ADMIN = "admin", "admin"
    COMMAND = "command", "command"


class Verb(models.TextChoices):
    CREATE = "create", "create"
    UPDATE = "update", "update"
    DELETE = "delete", "delete"
    ALLOCATE = "allocate", "allocate"
    RELEASE = "release", "release"
    RESERVE = "reserve", "reserve"
    CARVE = "carve", "carve"
    ADD_FAMILY = "add-family", "add family"
    COMPLETE = "complete", "complete"
    MAKE_STATIC = "make-static", "make static"
    JOIN = "join", "join"
    PART = "part", "part"
    LABEL = "label", "label"
    ISSUE = "issue", "issue"
    REVOKE = "revoke", "revoke"
    GRANT = "grant", "grant"
    WITHDRAW = "withdraw", "withdraw"
    SIGN_OUT = "sign-out", "sign out"
    IMPORT = "import", "import"
    SEED = "seed", "seed"
    REPAIR = "repair", "repair"
    PRUNE = "prune", "prune"


class Kind(models.TextChoices):
    ADDRESS = "address", "address"
    NETWORK = "network", "network"
    PREFIX = "prefix", "prefix"
    MACHINE = "machine", "machine"
    CLUSTER = "cluster", "cluster"
    CLAIM = "claim", "claim"
    PROJECT = "project", "project"
    PARTITION = "partition", "partition"
    VRF = "vrf", "VRF"
    POOL = "pool", "number pool"
    TOKEN = "token", "token"
    MEMBER = "member", "member"
    USER = "user", "user"
    INSTALLATION = "installation", "installation"


_MOVED = (
    "EXISTS (SELECT 1 FROM json_each(%(holders)s) AS moved, json_each(moved.value, '$.addresses') AS one "
    "WHERE json_extract(moved.value, '$.network') = %%s AND one.value = %%s)"
)
_IN_TERMS = "(%(key)s IN (SELECT event_id FROM ipam_event_term WHERE term = %%s))"


class _Holds(models.Func):
    """Whether the JSON list of an event holds an item that has these values, by an index of either database.

    PostgreSQL has one for JSON; for SQLite the triggers in ipam/models/guards.py keep a table of terms.
    """

    output_field = models.BooleanField()

    def __init__(self, column: str, item: Any, term: str, **extra: Any) -> None:
        super().__init__(column, "pk", "network_id", **extra)
        self.item, self.term = item, term

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, _, _ = self._names(compiler)
        return f"({column} @> %s::jsonb)", [json.dumps([self.item])]

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        _, key, _ = self._names(compiler)
        return _IN_TERMS % {"key": key}, [self.term]

    def _names(self, compiler: Any) -> list[str]:
        return [compiler.compile(expression)[0] for expression in self.source_expressions]


class _OneOfSeveral(_Holds):
    """Whether an event without a network of its own is about this network too."""

    def __init__(self, network_id: str, **extra: Any) -> None:
        super().__init__("holders", {"network": network_id}, f"network {network_id}", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        sql, params = super().as_postgresql(compiler, connection, **extra)
        _, _, network = self._names(compiler)
        return f"({sql} AND {network} = '')", params  # the condition of the index


class _Moved(_Holds):
    """Whether an event is about this address of this network: one on several may be about its namesake in another."""

    def __init__(self, network_id: str, address: str, **extra: Any) -> None:
        super().__init__("holders", {"network": network_id, "addresses": [address]}, "", **extra)
        self.network_id, self.address = network_id, address

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, _, _ = self._names(compiler)
        return _MOVED % {"holders": column}, [self.network_id, self.address]


class EventQuerySet(models.QuerySet["Event"]):
    def listed(self) -> Self:
        """Without what no list shows: the event of one import may be about half a million addresses, twice."""
        return self.defer("addresses", "holders")

    def of_object(self, kind: str, object_id: str) -> Self:
        """What happened to this object itself."""
        return self.filter(kind=kind, object_id=object_id)

    def in_networks(self, keys: Iterable[str]) -> Self:
        """What happened to networks, or in them: also by operations on several networks, such as a machine's."""
        about = [Q(network_id=key) | Q(_OneOfSeveral(key)) for key in keys]
        return self.filter(reduce(or_, about))

    def matching(self, text: str) -> Self:
        """Those about this address, or else by a name like `text` or about something with such a name or id."""
        try:
            return self.naming(parse_address(text.strip()))
        except ValueError:
            pass
        return self.filter(Q(object_name__icontains=text) | Q(object_id__icontains=text) | Q(actor__icontains=text))

    def naming(self, address: Address) -> Self:
        """Those that are about this address, in whatever network."""
        return self.filter(_Holds("addresses", str(address), str(address)))

    def about(self, network_id: str, address: Address) -> Self:
        """Those that are about this address of this network."""
        of_several = Q(network_id="") & Q(_Moved(network_id, str(address)))
        return self.naming(address).filter(Q(network_id=network_id) | of_several)


class Event(models.Model):
    """What one operation did: who, when, through which door, to what.

    Networks, projects and objects are plain values, no foreign keys: history outlives them and is in nobody's way.
    An event is never changed; `manage.py prune_events` removes old ones.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=NAME_LENGTH, blank=True, default="", help_text="a user name; empty for nobody")
    door = models.CharField(max_length=9, choices=Door)
    request_id = models.CharField(max_length=REQUEST_ID_LENGTH, blank=True, default="")
    verb = models.CharField(max_length=16)  # one of Verb; without choices, so that a new one needs no migration
    kind = models.CharField(max_length=16)  # one of Kind
    object_id = models.CharField(
        max_length=SLUG_LENGTH, blank=True, default="", help_text="of an address: its allocation; empty for several"
    )
    object_name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    network_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty for none or several")
    project_id = models.UUIDField(null=True, blank=True, help_text="empty for none or several")
    count = models.PositiveIntegerField(default=1, help_text="of how many objects")
    changes = models.JSONField(default=dict, help_text="{field: [before, after]}")
    addresses = models.JSONField(default=list, help_text="every address that it is about")
    first_addresses = models.JSONField(default=list, help_text=f"the first {MOST_LISTED} of them, for lists")
    holders = models.JSONField(
        default=list, help_text="[{network, addresses, before, after}]: who held these addresses, and holds them now"
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        # By address, and by network among several: in the migration, for each database has its own way.
        indexes = [
            models.Index(fields=["at", "id"], name="event_newest"),  # the activity page, since and until, pruning
            models.Index(fields=["kind", "object_id", "at", "id"], name="event_of_object"),  # an object's page
            models.Index(fields=["network_id", "at", "id"], name="event_of_network"),  # a network's page
            models.Index(fields=["project_id", "at", "id"], name="event_of_project"),  # a project's page
            models.Index(fields=["actor", "at", "id"], name="event_of_actor"),  # what somebody did
            models.Index(fields=["request_id"], name="event_of_request"),  # what one request did
        ]
        constraints = [
            models.CheckConstraint(
                name="event_door_known",
                condition=Q(door__in=["dashboard", "api", "admin", "command"]),
                violation_error_message="A door is dashboard, api, admin or command.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.title}"

    @property
    def title(self) -> str:
        """What it is about, for people: a name, addresses, an id, or how many."""
        if 0 < len(self.first_addresses) <= 2 and self.kind == Kind.ADDRESS:
            return " + ".join(self.first_addresses)
        if self.count != 1:
            return f"{self.count:,}"
        return self.object_name or self.object_id
