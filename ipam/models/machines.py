import uuid
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from ipam.address_parts import asn_of, block_of
from ipam.models.base import NAME_LENGTH, RecordQuerySet, SlugIdField
from ipam.models.indexes import by, texts
from ipam.models.managed import Managed
from ipam.models.networks import Network
from ipam.models.partitions import Partition
from ipam.models.projects import Project
from ipam.natural import Natural

if TYPE_CHECKING:
    from ipam.models.addresses import IPAddress

_MAX_LOOKED_UP = 256  # so many are looked up to find their machines


def new_machine_id() -> str:
    """The id of a machine that was given none: a random UUID."""
    return str(uuid.uuid4())


class MachineQuerySet(RecordQuerySet["Machine"]):
    def matching(self, text: str) -> Self:
        """Those with an address in the block that `text` names, with this ASN, or with it in a text."""
        wanted, asn = block_of(text), asn_of(text)
        if wanted is None and asn is None:
            return self.with_text(text)
        found = Q(pk__among=self.model.objects.with_text(text).order_by().values("pk"))
        if asn is not None:
            found |= Q(asn=asn)
        if wanted is not None:
            within = apps.get_model("ipam", "IPAddress")._default_manager.within(wanted).filter(machine__isnull=False)
            if wanted.size > _MAX_LOOKED_UP:  # those who have one are soon met
                found |= Q(Exists(within.filter(machine=OuterRef("pk"))))
            else:
                found |= Q(pk__among=within.order_by().values("machine"))
            found |= Q(pk__among=within.filter(holders__isnull=False).order_by().values("holders__machine"))
        return self.filter(found)

    def with_text(self, text: str) -> Self:
        return self.filter(
            Q(pk__icontains=text)
            | Q(name__icontains=text)
            | Q(hostname__icontains=text)
            | Q(description__icontains=text)
        )


class Machine(Managed):
    """Who got which addresses, VRFs and ASN. Hardware, sizes and images belong to other systems."""

    class Role(models.TextChoices):
        MACHINE = "machine", "machine"
        FIREWALL = "firewall", "firewall"

    texts = (*Managed.texts, "hostname")

    id = SlugIdField(default=new_machine_id)
    hostname = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    project = models.ForeignKey(Project, models.PROTECT, related_name="machines", db_index=False)
    partition = models.ForeignKey(Partition, models.PROTECT, related_name="machines", db_index=False)
    role = models.CharField(max_length=8, choices=Role, default=Role.MACHINE)
    asn = models.BigIntegerField("ASN", unique=True)
    networks = models.ManyToManyField(Network, through="MachineNetwork", related_name="machines")

    objects = MachineQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            *by("machine", "id", columns=("project", "partition", "role")),  # GET machines/
            *by("machine_in_order", Natural("name"), "id", columns=("project", "partition", "role")),  # the page
            *texts("machine", "id", columns=("name", "description", "hostname", "managed_by")),
            models.Index(Natural("name"), "id", name="machine_in_order"),  # the list of machines
            models.Index(fields=["created_at", "id"], name="machine_by_age"),  # GET machines/?ordering=-created_at
        ]
        constraints = [
            models.CheckConstraint(
                name="machine_role_known",
                condition=Q(role__in=["machine", "firewall"]),
                violation_error_message="A role is machine or firewall.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.id

    @property
    def held(self) -> "list[IPAddress]":
        """Its addresses, also those that it shares: fetched by `addresses` and `holdings__address`."""
        return [*self.addresses.all(), *(one.address for one in self.holdings.all())]


class MachineNetwork(models.Model):
    """A network that a machine is in, at its place in the machine's list."""

    machine = models.ForeignKey(Machine, models.CASCADE, related_name="attachments", db_index=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="attachments", db_index=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["machine", "position"]
        indexes = [models.Index(fields=["network", "machine"], name="machine_of_network")]  # GET machines/?network=
        constraints = [
            models.UniqueConstraint(name="machine_network_position_once", fields=["machine", "position"]),
            models.UniqueConstraint(name="machine_network_once", fields=["machine", "network"]),
        ]

    def __str__(self) -> str:
        return f"{self.machine_id} in {self.network_id}"
