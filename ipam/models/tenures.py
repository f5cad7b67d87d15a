from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from ipam.addressing import Address, Cidr, Family, block
from ipam.fields import AddressField
from ipam.models.addresses import IPAddress
from ipam.models.base import DOOR_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.prefixes import Prefix
from ipam.models.projects import NO_NAMESPACE

_NO_NAMESPACE = Value(NO_NAMESPACE, output_field=models.UUIDField())
_NO_MACHINE = Value("")


class TenureQuerySet(models.QuerySet["Tenure"]):
    def open(self) -> Self:
        """Those that have not ended: what is held now."""
        return self.filter(until=None)

    def of_addresses(self) -> Self:
        """Those of single addresses."""
        return self.filter(length=None)

    def of_blocks(self) -> Self:
        """Those of child prefixes."""
        return self.filter(length__isnull=False)

    def held_at(self, moment: datetime) -> Self:
        """Those that had begun by this moment, and not ended."""
        return self.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment)

    def within(self, cidr: Cidr) -> Self:
        """Those of addresses and blocks that lie in this one."""
        first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
        return self.filter(Q(length=None) | Q(length__gte=cidr.prefixlen), address__range=(first, last))

    def around(self, cidr: Cidr) -> Self:
        """Those of blocks that all of this one lies in, itself included: one look at an index for each bit set."""
        lengths: dict[int, list[int]] = {}
        for one in (*cidr.supernet(), cidr):
            lengths.setdefault(one.first, []).append(one.prefixlen)
        starts = (
            Q(address=Address(first, cidr.version), length__range=(min(those), max(those)))
            for first, those in lengths.items()
        )
        return self.filter(reduce(or_, starts))

    def of_address(self, address: Address) -> Self:
        """Those of this single address."""
        return self.of_addresses().filter(address=address)

    def untrue(self) -> list[Self]:
        """Open ones of what nobody holds now, or somebody else: of addresses, and of blocks."""
        return [
            self.open().of_addresses().exclude(Exists(IPAddress.objects.filter(*_same_address()))),
            self.open().of_blocks().exclude(Exists(child_prefixes().filter(*_same_block()))),
        ]


class Tenure(models.Model):
    """Who held an address or a block, from when until when: written with it, and ended with it, in one transaction.

    Names and ids are plain values, no foreign keys: a tenure outlives what they name, and the events that began and
    ended it. Another project or machine is another tenure; another name of the address is none.
    """

    address = AddressField(help_text="of a block: its first")
    length = models.PositiveSmallIntegerField(null=True, help_text="of a block; empty for a single address")
    prefix_length = models.PositiveSmallIntegerField(null=True, help_text="of the prefix that it was taken from")
    namespace_id = models.UUIDField(null=True)
    network_id = models.CharField(max_length=SLUG_LENGTH)
    project_id = models.UUIDField(null=True)
    project_name = models.CharField(max_length=NAME_LENGTH, default="")
    machine_id = models.CharField(max_length=SLUG_LENGTH, default="", help_text="empty for none")
    machine_name = models.CharField(max_length=NAME_LENGTH, default="")
    name = models.CharField(max_length=NAME_LENGTH, default="", help_text="as it began")
    type = models.CharField(max_length=16, default="", help_text="of an address as it began; of a block: its network's")
    allocation = models.UUIDField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, help_text="empty while it lasts")
    from_exact = models.BooleanField(default=True, help_text="whether it began at `since`, or before")
    begun_by = models.BigIntegerField(null=True, help_text="an event, which may have been forgotten")
    ended_by = models.BigIntegerField(null=True, help_text="an event, which may have been forgotten")
    actor = models.CharField(max_length=NAME_LENGTH, default="", help_text="who began it")
    door = models.CharField(max_length=DOOR_LENGTH, default="", help_text="through which it began")

    objects = TenureQuerySet.as_manager()

    class Meta:
        ordering = ["address", "since", "id"]
        indexes = [
            models.Index(fields=["address", "since"], name="tenure_of_address"),  # the timeline of an address
            models.Index(fields=["network_id", "address", "id"], name="tenure_in_network"),
            models.Index(fields=["project_id", "address", "id"], name="tenure_of_project"),
            models.Index(fields=["machine_id", "address", "id"], name="tenure_of_machine", condition=~Q(machine_id="")),
            models.Index(fields=["begun_by"], name="tenure_begun_by"),  # all addresses of an event
            models.Index(fields=["ended_by"], name="tenure_ended_by", condition=Q(ended_by__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                "address",
                Coalesce("namespace_id", _NO_NAMESPACE),
                name="tenure_one_open_per_address",
                condition=Q(until=None, length=None),
                violation_error_message="An address has one holder at a time. Run `manage.py doctor --repair`.",
            ),
            models.UniqueConstraint(
                "address",
                Coalesce("namespace_id", _NO_NAMESPACE),
                name="tenure_one_open_per_block",
                condition=Q(until=None, length__isnull=False),
                violation_error_message="A block has one holder at a time. Run `manage.py doctor --repair`.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.address) if self.length is None else f"{self.address}/{self.length}"

    @property
    def text(self) -> str:
        """The address, or the block."""
        return str(self)

    @property
    def family(self) -> Family:
        return Family.of(self.address)

    @property
    def prefix(self) -> Cidr | None:
        """The prefix that it was taken from."""
        if self.prefix_length is None:
            return None
        beyond = self.family.bits - self.prefix_length
        return block(self.family, self.address.value >> beyond << beyond, self.prefix_length)


def child_prefixes() -> QuerySet[Prefix]:
    """Child prefixes in the words of tenures: the blocks that somebody holds."""
    carved = Prefix.objects.filter(parent__isnull=False)
    return carved.alias(address=F("first"), project_id=F("network__project_id"))


def addresses_untold() -> QuerySet[IPAddress]:
    """Addresses of which no open tenure says who holds them."""
    return IPAddress.objects.exclude(Exists(Tenure.objects.open().of_addresses().filter(*_same_address())))


def addresses_held_since(event: int) -> QuerySet[IPAddress]:
    """Addresses that whoever got them by this event holds without a break."""
    begun = Tenure.objects.open().of_addresses().filter(begun_by=event)
    return IPAddress.objects.filter(Exists(begun.filter(*_same_address())))


def blocks_untold() -> QuerySet[Prefix]:
    """Child prefixes of which no open tenure says whose they are."""
    return child_prefixes().exclude(Exists(Tenure.objects.open().of_blocks().filter(*_same_block())))


def _same_address() -> list[Any]:
    return [*_same("address", "network_id", "project_id"), _same_or_none("machine_id", _NO_MACHINE), *_namespace()]


def _same_block() -> list[Any]:
    return [*_same("address", "length", "network_id", "project_id"), *_namespace()]


def _namespace() -> list[Any]:
    return [_same_or_none("namespace_id", _NO_NAMESPACE)]


def _same(*columns: str) -> list[Any]:
    return [Exact(F(column), OuterRef(column)) for column in columns]


def _same_or_none(column: str, none: Value) -> Any:
    """Both have the same value, or neither has one: written so that the database may hash it."""
    return Exact(Coalesce(column, none), Coalesce(OuterRef(column), none))
