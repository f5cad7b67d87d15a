import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q, Subquery, Value
from django.db.models.functions import Coalesce
from netaddr import IPAddress as Address

from ipam.addressing import Family
from ipam.fields import AddressField, FamilyOf
from ipam.models.base import FAMILIES, Block, Described, RecordQuerySet
from ipam.models.indexes import by
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.projects import NO_NAMESPACE, Project


class RangeQuerySet(RecordQuerySet["AddressRange"]):
    def meeting(self, prefix_id: int, first: Address, last: Address) -> Self:
        """Those of a prefix that share an address with first..last, lowest first; at the same cost for any number.

        They are disjoint, so of those that begin before only the last can reach it.
        """
        before = self.filter(prefix=prefix_id, first__lte=first).order_by("-first").values("pk")[:1]
        begins = Q(first__gt=first, first__lte=last)
        return self.filter(begins | Q(pk=Subquery(before), last__gte=first), prefix=prefix_id).order_by("first")


class AddressRange(Described):
    """A part of a prefix, of any bounds, out of which nothing is given by itself; it has no rows for its addresses.

    What of it nobody holds is `SetAsideBlock`s. Two of one prefix never overlap: ipam/models/guards.py makes the
    database refuse that.
    """

    class Use(models.TextChoices):
        EXCLUDED = "excluded", "excluded"
        BY_NAME = "by-name", "by name"
        DHCP = "dhcp", "DHCP"
        GROWTH = "growth", "growth"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    network = models.ForeignKey(Network, models.CASCADE, related_name="ranges", db_index=False, editable=False)
    prefix = models.ForeignKey(Prefix, models.CASCADE, related_name="ranges", db_index=False, editable=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES, editable=False)
    first = AddressField(editable=False)
    last = AddressField(editable=False)
    use = models.CharField(max_length=8, choices=Use, default=Use.EXCLUDED)
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="ranges", db_index=False,
        help_text="The only one that may name addresses in it.",
    )  # fmt: skip

    objects = RangeQuerySet.as_manager()

    class Meta:
        ordering = ["first", "id"]
        indexes = [
            models.Index(fields=["prefix", "first"], name="range_of_prefix"),  # what an address lies in
            models.Index(fields=["network", "first", "id"], name="range_of_network"),  # its page, its list
            *by("range", "first", "id", optional=("project",)),
        ]
        constraints = [
            models.CheckConstraint(
                name="range_family_is_of_its_addresses",
                condition=Q(family=FamilyOf("first")) & Q(family=FamilyOf("last")) & Q(first__lte=F("last")),
                violation_error_message="A range has a first address and a last one of one family, in this order.",
            ),
            models.CheckConstraint(
                name="range_use_known",
                condition=Q(use__in=["excluded", "by-name", "dhcp", "growth"]),
                violation_error_message="A range is excluded, by-name, dhcp or growth.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def address_family(self) -> Family:
        return Family(self.family)

    @property
    def size(self) -> int:
        """How many addresses it has, whoever holds them."""
        return int(self.last.value - self.first.value + 1)

    @property
    def title(self) -> str:
        """What a sentence calls it: its name, or else its bounds."""
        return f"{self.name or self.use} ({self.first} to {self.last})"


class SetAsideBlock(Block):
    """A block of a prefix that nobody holds and that is not free: reserved by a range, or cooling `until` a moment.

    Rows beside free blocks, so that what takes the lowest free ones never meets them. The project is the last holder's
    of what cools, a plain value.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="+", db_index=False)
    prefix = models.ForeignKey(Prefix, models.CASCADE, related_name="+", db_index=False)
    namespace = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+", db_index=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    first = AddressField()
    length = models.PositiveSmallIntegerField()
    range = models.ForeignKey(AddressRange, models.CASCADE, null=True, related_name="blocks", db_index=False)
    until = models.DateTimeField(null=True)
    project_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["prefix", "first"]
        indexes = [
            models.Index(fields=["range", "length"], name="set_aside_of_range", condition=Q(range__isnull=False)),
            models.Index(fields=["until", "id"], name="set_aside_until", condition=Q(until__isnull=False)),
            # how much of a prefix, and where; and whether anything refers to one that goes
            models.Index(fields=["prefix", "namespace", "first"], name="set_aside_of_prefix"),
        ]
        constraints = [
            models.UniqueConstraint(
                "network",
                "family",
                "prefix",
                "first",
                Coalesce("namespace", Value(NO_NAMESPACE, output_field=models.UUIDField())),
                name="set_aside_once",
            ),
            models.CheckConstraint(
                name="set_aside_by_range_or_time",
                condition=Q(range__isnull=False, until__isnull=True) | Q(range__isnull=True, until__isnull=False),
                violation_error_message="A block is set aside by a range, or for a time.",
            ),
        ]
