from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from netaddr import IPAddress as Address

from ipam.fields import AddressField
from ipam.models.base import DOOR_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.tenures import Tenure
from ipam.values import parse_address

REQUEST_ID_LENGTH = 64
MAX_LISTED = 20  # addresses of an event that a list shows


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


class EventQuerySet(models.QuerySet["Event"]):
    def told(self) -> Self:
        """What lists show by themselves: whole operations, and of their parts those that say from what to what.

        What a part has made, the whole counts.
        """
        return self.filter(Q(part_of=None) | Q(verb=Verb.UPDATE))

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

    def about_address(self, address: Address) -> Self:
        """Those that are about this address, in whatever network."""
        return self._with_rows(Q(address=address))

    def about(self, network_id: str, address: Address) -> Self:
        """Those that are about this address of this network."""
        return self._with_rows(Q(address=address, network_id=network_id))

    def _with_rows(self, rows: Q) -> Self:
        """Those that began or ended such tenures of addresses, or mention such addresses."""
        tenures = Tenure.objects.of_addresses().filter(rows).order_by()
        mentions = Mention.objects.filter(rows).order_by().values("event")
        return self.filter(pk__in=tenures.values("begun_by").union(tenures.values("ended_by"), mentions))


class Event(models.Model):
    """What one operation did: who, when, through which door, to what.

    Networks, projects and objects are plain values, no foreign keys: history outlives them and is in nobody's way.
    What an operation inside another one did is an event of its own, a part of the outer one's. Which addresses it is
    about say the tenures that it began or ended, and mentions.
    An event that others can see is never changed; `manage.py prune_events` removes old ones.
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

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="event_newest"),  # the activity page, since and until, pruning
            models.Index(fields=["kind", "object_id", "at", "id"], name="event_of_object"),  # an object's page
            models.Index(fields=["network_id", "at", "id"], name="event_of_network"),  # a network's page
            models.Index(fields=["project_id", "at", "id"], name="event_of_project"),  # a project's page
            models.Index(fields=["actor", "at", "id"], name="event_of_actor"),  # what somebody did
            models.Index(fields=["request_id"], name="event_of_request"),  # what one request did
            models.Index(fields=["part_of", "id"], name="event_part_of", condition=Q(part_of__isnull=False)),
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


class Mention(models.Model):
    """An event is also about this: an address whose holder stays, or one of several networks.

    An event that begins or ends tenures needs none for their addresses.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="mentions")
    network_id = models.CharField(max_length=SLUG_LENGTH)
    address = AddressField(null=True, help_text="empty: the network itself")

    class Meta:
        indexes = [
            models.Index(
                fields=["address", "network_id"], name="mention_of_address", condition=Q(address__isnull=False)
            ),
            models.Index(fields=["network_id", "event"], name="mention_of_network", condition=Q(address=None)),
        ]

    def __str__(self) -> str:
        return f"{self.address or self.network_id}"
