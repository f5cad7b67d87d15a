from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from ipam.addressing import Address, Cidr
from ipam.models.base import DOOR_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.feed import Position, WritingTransaction
from ipam.models.mentions import Mention
from ipam.models.tenures import Tenure
from ipam.values import parse_address

REQUEST_ID_LENGTH = 64
MAX_LISTED = 20  # addresses of an event that a list shows


class Door(models.TextChoices):
    DASHBOARD = "dashboard", "dashboard"
    API = "api", "API"
    ADMIN = "admin", "admin"
    COMMAND = "command", "command"
    METAL_API = "metal-api", "metal-api"
    GO_IPAM = "go-ipam", "go-ipam"
    METAL_STACK = "metal-stack", "metal-stack"


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
    ROTATE = "rotate", "rotate"
    SIGN_OUT = "sign-out", "sign out"
    IMPORT = "import", "import"
    SEED = "seed", "seed"
    REPAIR = "repair", "repair"
    PRUNE = "prune", "prune"
    FIRE = "fire", "fire"
    CLEAR = "clear", "clear"
    ACKNOWLEDGE = "acknowledge", "acknowledge"
    SNOOZE = "snooze", "snooze"
    ACCEPT = "accept", "accept"
    REOPEN = "reopen", "reopen"
    RESIZE = "resize", "resize"
    SPLIT = "split", "split"
    MERGE = "merge", "merge"
    MOVE = "move", "move"


class Kind(models.TextChoices):
    ADDRESS = "address", "address"
    NETWORK = "network", "network"
    PREFIX = "prefix", "prefix"
    MACHINE = "machine", "machine"
    CLUSTER = "cluster", "cluster"
    CLAIM = "claim", "claim"
    PROJECT = "project", "project"
    QUOTA = "quota", "quota"
    RANGE = "range", "range"
    PARTITION = "partition", "partition"
    VRF = "vrf", "VRF"
    POOL = "pool", "number pool"
    TOKEN = "token", "token"
    MEMBER = "member", "member"
    USER = "user", "user"
    ALERT = "alert", "alert"
    ALERT_RULE = "alert-rule", "alert rule"
    FINDING = "finding", "finding"
    WEBHOOK = "webhook", "webhook"
    INSTALLATION = "installation", "installation"


_TOLD = Q(part_of__isnull=True) | Q(verb=Verb.UPDATE.value)
_USUAL = {
    "kind": Q(kind=Kind.ADDRESS.value),
    "verb": Q(verb=Verb.ALLOCATE.value),
    "door": Q(door=Door.API.value),
}


class EventQuerySet(models.QuerySet["Event"]):
    def told(self) -> Self:
        """Whole operations, and of their parts those that say from what to what; what a part made, the whole counts."""
        return self.filter(_TOLD)

    def of_object(self, kind: str, object_id: str) -> Self:
        """What happened to this object itself."""
        return self.filter(kind=kind, object_id=object_id)

    def in_networks(self, keys: Iterable[str]) -> Self:
        """What happened to networks, or in them: also by operations on several networks, such as a machine's."""
        several = Mention.objects.filter(network_id__in=keys, address=None)
        return self.filter(Q(network_id__in=keys) | Q(pk__among=several.values("event")))

    def matching(self, text: str) -> Self:
        """Those about this address, or else by a name like `text` or about something with such a name or id."""
        try:
            return self.about_address(parse_address(text.strip()))
        except ValueError:
            pass
        return self.filter(Q(object_name__icontains=text) | Q(object_id__icontains=text) | Q(actor__icontains=text))

    def within(self, cidr: Cidr) -> Self:
        """Those that are about addresses and blocks that lie in this one."""
        first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
        return self._with_rows(Q(address__range=(first, last)), Tenure.objects.within(cidr))

    def about_address(self, address: Address) -> Self:
        """Those that are about this address, in whatever network."""
        return self._with_rows(Q(address=address))

    def about(self, network_id: str, address: Address) -> Self:
        """Those that are about this address of this network."""
        return self._with_rows(Q(address=address, network_id=network_id))

    def _with_rows(self, rows: Q, tenures: QuerySet[Tenure] | None = None) -> Self:
        """Those that began or ended such tenures, of addresses if no others are given, or mention such addresses."""
        tenures = (Tenure.objects.of_addresses().filter(rows) if tenures is None else tenures).order_by()
        mentions = Mention.objects.filter(rows).order_by().values("event")
        return self.filter(pk__in=tenures.values("begun_by").union(tenures.values("ended_by"), mentions))


_EventManager = models.Manager.from_queryset(EventQuerySet)


class EventManager(_EventManager["Event"]):
    def get_queryset(self) -> EventQuerySet:
        """No list loads what an undo needs."""
        return EventQuerySet(self.model, using=self._db).defer("kept")


class Event(models.Model):
    """What one operation did: who, when, through which door, to what.

    Networks, projects and objects are plain values, no foreign keys: history outlives them and is in nobody's way.
    What an operation inside another one did is an event of its own, a part of the outer one's. Which addresses it is
    about say the tenures that it began or ended, and mentions.
    An event that others can see is never changed, but for what undoing it needs and says; `manage.py prune_events`
    removes old ones.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=NAME_LENGTH, blank=True, default="", help_text="a user name; empty for nobody")
    door = models.CharField(max_length=DOOR_LENGTH, choices=Door)
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
    first_addresses = models.JSONField(default=list, help_text=f"the first {MAX_LISTED} addresses, for lists")
    part_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="parts", db_index=False,
        help_text="the event of the operation around this one",
    )  # fmt: skip
    xid = models.BigIntegerField(db_default=WritingTransaction(), editable=False)
    is_undoable = models.BooleanField(default=False, db_default=False, help_text="whether its inverse is known")
    kept = models.JSONField(null=True, help_text="the rows that it removed, while it can be undone")
    undone_by = models.BigIntegerField(null=True, help_text="an event, which may have been forgotten")
    undoes = models.BigIntegerField(null=True, help_text="an event, which may have been forgotten")
    rule_name = ""  # of an alert's, where a list has looked it up

    objects = EventManager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="event_by_age"),  # pruning
            models.Index(fields=["at", "id"], name="event_newest", condition=_TOLD),  # the activity page, since, until
            models.Index(fields=["object_id", "at", "id"], name="event_of_object"),  # an object's page
            models.Index(fields=["network_id", "at", "id"], name="event_of_network", condition=_TOLD),  # its page
            models.Index(fields=["project_id", "at", "id"], name="event_of_project", condition=_TOLD),  # its page
            models.Index(fields=["actor", "at", "id"], name="event_of_actor", condition=_TOLD),  # what somebody did
            models.Index(fields=["request_id", "at", "id"], name="event_of_request", condition=_TOLD),  # of a request
            models.Index(fields=["xid", "id"], name="event_in_feed"),  # those who read on
            models.Index(fields=["part_of", "at", "id"], name="event_part_of", condition=Q(part_of__isnull=False)),
            # Addresses are taken by the API all day, so whoever asks for those soon meets some: they cost nothing here.
            *(
                models.Index(fields=[column, "at", "id"], name=f"event_by_{column}", condition=_TOLD & ~usual)
                for column, usual in _USUAL.items()
            ),
            models.Index(fields=["at"], name="event_kept", condition=Q(kept__isnull=False)),  # forgetting that
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["undoes"],
                name="event_undone_once",
                condition=Q(undoes__isnull=False),
                violation_error_message="It has been undone already.",
                violation_error_code="already_undone",
            ),
            models.CheckConstraint(
                name="event_door_known",
                condition=Q(door__in=["dashboard", "api", "admin", "command", "metal-api", "go-ipam", "metal-stack"]),
                violation_error_message="A door is dashboard, api, admin, command, metal-api, go-ipam or metal-stack.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.title}"

    @property
    def position(self) -> Position:
        """Its place in the feed (`ipam.domain.notify.feed`)."""
        return Position(self.xid, self.pk)

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone, or could be; None: never, or it was."""
        if not self.is_undoable or self.part_of_id is not None or self.undone_by is not None:
            return None
        return self.at + timedelta(seconds=settings.UNDO_SECONDS)

    @property
    def can_be_undone(self) -> bool:
        """Whether now is in time for it; whether nothing has changed since is judged when it is tried."""
        return self.undo_until is not None and timezone.now() < self.undo_until

    @property
    def title(self) -> str:
        """What it is about, for people: a name, addresses, an id, or how many."""
        if 0 < len(self.first_addresses) <= 2 and self.kind == Kind.ADDRESS:
            return " + ".join(self.first_addresses)
        if self.count != 1:
            return f"{self.count:,}"
        return self.object_name or self.object_id
