import uuid
from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from netaddr import IPAddress as Address
from netaddr import IPNetwork, IPRange

from ipam.address_parts import block_of
from ipam.addressing import Family
from ipam.fields import AddressField, FamilyOf, stored, text_of
from ipam.models.base import FAMILIES, MAX_WORDS, HasLabel, OftenEmptyField, RecordQuerySet
from ipam.models.indexes import texts
from ipam.models.machines import Machine, MachineNetwork
from ipam.models.managed import Managed
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.projects import NO_NAMESPACE, Project
from ipam.natural import Natural
from ipam.tags import cut, is_label

_HIGHEST_CHARACTER = chr(0x10FFFF)
_SHORTEST_PART = 3  # characters: a trigram


class HasTag(models.Func):
    """Whether a list of tags beside the labels has this one; on PostgreSQL by an index of those that are not empty."""

    output_field = models.BooleanField()

    def __init__(self, tag: str, **extra: Any) -> None:
        super().__init__("tags", **extra)
        self.tag = tag

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "(%(expressions)s <> '[]'::jsonb AND %(expressions)s ? %%s)"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, [*params, self.tag]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s) WHERE value = %%s)"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, [*params, self.tag]


def has_tag(tag: str) -> Q:
    """Whether it has just this tag of metal-stack, as a label or beside its labels."""
    is_beside = Q(HasTag(tag))
    return Q(HasLabel(*cut(tag))) | is_beside if is_label(tag) else is_beside


class IPAddressQuerySet(RecordQuerySet["IPAddress"]):
    def within(self, cidr: IPNetwork | IPRange) -> Self:
        """Addresses that lie in `cidr`."""
        return self.filter(
            address__gte=Address(cidr.first, cidr.version), address__lte=Address(cidr.last, cidr.version)
        )

    def lacking(self, family: Family) -> Self:
        """Addresses whose allocation has no address of `family`, lowest first (rule 37)."""
        return self.exclude(family=family).single()

    def single(self) -> Self:
        """Addresses whose allocation has none of the other family, lowest first, so IPv4 first.

        The counterpart is sought as one of any other family: where the database believes that a family is still
        rare, it would compare every address with every counterpart.
        """
        allocation, own = models.OuterRef("allocation"), models.OuterRef("family")
        counterpart = IPAddress.objects.filter(allocation=allocation).exclude(family=own)
        return self.exclude(models.Exists(counterpart)).order_by("address")

    def called(self, text: str) -> Self:
        """Those whose name has `text` in it, found by an index.

        Of several words each is in it, in any order. SQLite has an index of beginnings only, and of those as they are
        written. PostgreSQL has one of parts, but not of parts shorter than three characters; where all are so short,
        the whole name is sought.
        """
        words = text.split()[:MAX_WORDS]
        if connection.vendor == "sqlite":
            begins = (Q(name__gte=word, name__lt=word + _HIGHEST_CHARACTER) for word in words)
            named = self.filter(reduce(or_, begins), *(Q(name__icontains=word) for word in words))
            return named.exclude(name="").order_by("name", "address")
        if max(map(len, words)) < _SHORTEST_PART:
            return self.filter(name=text).order_by("address", "id")
        return self.filter(*(Q(name__icontains=word) for word in words)).exclude(name="").order_by("address", "id")

    def held_by(self, machines: Collection[str]) -> Self:
        """Addresses that one of these machines has, alone or beside others."""
        beside = AddressHolder.objects.filter(machine__pk__one_of=machines).order_by().values("address")
        return self.filter(Q(machine__pk__one_of=machines) | Q(pk__among=beside))

    def with_holders(self, machines: Collection[str]) -> Iterator[tuple[str, str, Family, str]]:
        """Each of these machines, by its id, with each address that it has: its network, family and text, in order.

        One statement. Whoever shares an address has it as well.
        """
        own = self.filter(machine__pk__one_of=machines).order_by()
        beside = AddressHolder.objects.filter(machine__pk__one_of=machines).order_by()
        rows = own.values_list("machine_id", "network_id", "family", stored("address")).union(
            beside.values_list("machine_id", "address__network_id", "address__family", stored("address__address")),
            all=True,
        )
        for machine, network, family, address in sorted(rows, key=lambda row: bytes(row[-1])):
            yield machine, network, Family(family), text_of(address)

    def texts_of(self, machines: Collection[str]) -> dict[str, dict[Family, list[str]]]:
        """The addresses of each of these machines as texts, by its id and family: those of its first network first."""
        found: dict[str, dict[Family, list[str]]] = {machine: {family: [] for family in Family} for machine in machines}
        joined = MachineNetwork.objects.filter(machine__pk__one_of=machines).order_by()
        places = {(one, at): place for one, at, place in joined.values_list("machine_id", "network_id", "position")}
        for machine, _, family, text in sorted(
            self.with_holders(found), key=lambda row: places.get((row[0], row[1]), len(places))
        ):
            found[machine][family].append(text)
        return found

    def matching(self, text: str) -> Self:
        """Those in the block that `text` names, or else those with it in name or description."""
        wanted = block_of(text)
        return self.with_text(text) if wanted is None else self.within(wanted)

    def with_text(self, text: str) -> Self:
        # Most addresses have neither; those are not in the index of ipam/migrations/0004_search_indexes.py.
        return self.filter(
            (~Q(name="") & Q(name__icontains=text)) | (~Q(description="") & Q(description__icontains=text))
        )


class IPAddress(Managed):
    """An address that is taken. What one request took from one network shares an allocation id."""

    class Type(models.TextChoices):
        EPHEMERAL = "ephemeral", "ephemeral"
        STATIC = "static", "static"

    class Shared(models.TextChoices):
        ANYCAST = "anycast", "anycast"
        VIP = "vip", "VIP"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = AddressField(editable=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES, editable=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="addresses", db_index=False, editable=False)
    prefix = models.ForeignKey(Prefix, models.PROTECT, related_name="addresses", db_index=False, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="addresses", db_index=False)
    namespace = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, editable=False, related_name="+", db_index=False
    )
    machine = models.ForeignKey(
        Machine, models.PROTECT, null=True, blank=True, related_name="addresses", db_index=False
    )
    cluster = models.ForeignKey(  # whose API or load balancers are reached by it
        "ipam.Cluster", models.PROTECT, null=True, blank=True, editable=False, related_name="addresses", db_index=False
    )
    allocation = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=9, choices=Type, default=Type.EPHEMERAL)
    shared = models.CharField(  # as what several machines may have it at once; empty: one has it
        max_length=7, choices=Shared, blank=True, default="", db_default="", editable=False
    )
    tags = OftenEmptyField(default=list, blank=True, editable=False)  # of metal-stack's: those that are no label

    objects = IPAddressQuerySet.as_manager()

    class Meta:
        ordering = ["address", "id"]
        verbose_name = "IP address"
        verbose_name_plural = "IP addresses"
        indexes = [
            models.Index(fields=["network", "address"], name="address_of_network"),  # the network's page
            models.Index(fields=["prefix", "address"], name="address_of_prefix"),  # removing and mapping a prefix
            models.Index(fields=["project", "address"], name="address_of_project"),  # GET ips/?project=
            models.Index(Natural("name"), "id", name="address_in_order"),  # GET ips/?ordering=name
            models.Index(fields=["created_at", "id"], name="address_by_age"),  # GET ips/?ordering=-created_at
            *texts("address", "address", columns=(*Managed.texts, "managed_by")),  # GET ips/?name=; search
            models.Index(fields=["address"], name="address_ephemeral", condition=Q(type="ephemeral")),  # GET ips/?type=
            models.Index(fields=["address"], name="address_static", condition=Q(type="static")),
            # a machine's page, GET ips/?machine= and ?namespace=
            models.Index(fields=["machine", "address"], name="address_of_machine", condition=Q(machine__isnull=False)),
            models.Index(fields=["cluster", "address"], name="address_of_cluster", condition=Q(cluster__isnull=False)),
            models.Index(fields=["address"], name="address_without_machine", condition=Q(machine__isnull=True)),
            models.Index(
                fields=["namespace", "address"], name="address_in_namespace", condition=Q(namespace__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                "address",
                Coalesce("namespace", Value(NO_NAMESPACE, output_field=models.UUIDField())),
                name="address_once_per_namespace",
                violation_error_message="The address is already allocated.",
                violation_error_code="already_allocated",
            ),
            models.UniqueConstraint(
                name="address_one_per_family_and_allocation",
                fields=["allocation", "family"],
                violation_error_message="An allocation has at most one address of each family.",
            ),
            models.CheckConstraint(
                name="address_family_is_its_own",
                condition=Q(family=FamilyOf("address")),
                violation_error_message="The family is that of the address.",
            ),
            models.CheckConstraint(
                name="address_type_known",
                condition=Q(type__in=["ephemeral", "static"]),
                violation_error_message="An address is ephemeral or static.",
            ),
            models.CheckConstraint(
                name="address_shared_is_static",
                condition=Q(shared="") | Q(shared__in=["anycast", "vip"], type="static"),
                violation_error_message="An address that is shared, as anycast or vip, is static.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.address)

    @property
    def address_family(self) -> Family:
        return Family(self.family)

    @property
    def machine_ids(self) -> list[str]:
        """The ids of all machines that have it, in the order in which they were attached."""
        if self.machine_id is None:
            return []
        return [self.machine_id, *(one.machine_id for one in self.holders.all())] if self.shared else [self.machine_id]


class AddressHolder(models.Model):
    """A machine that has a shared address beside the first, which the address itself names; in order by id."""

    address = models.ForeignKey(IPAddress, models.CASCADE, related_name="holders", db_index=False)
    machine = models.ForeignKey(Machine, models.PROTECT, related_name="holdings", db_index=False)

    class Meta:
        ordering = ["address", "id"]
        indexes = [models.Index(fields=["machine"], name="holder_by_machine")]  # what a machine has
        constraints = [models.UniqueConstraint(name="holder_once", fields=["address", "machine"])]

    def __str__(self) -> str:
        return f"{self.machine_id} has {self.address_id}"
