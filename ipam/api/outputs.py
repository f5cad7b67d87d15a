"""The shape of answers, one class per object of the contract."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import models
from ipam.api import fields
from ipam.domain.insight import findings
from ipam.domain.networks.completion import Progress as CompletionProgress
from ipam.domain.space.utilization import FamilyUse
from ipam.models.events import MAX_LISTED

Shape = serializers.Serializer[Any]  # of whatever has these attributes
BOOKKEEPING = ("created_at", "updated_at", "generation", "dry_run")


class Output(Shape):
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    generation = serializers.IntegerField()
    dry_run = serializers.BooleanField(required=False, help_text="true when nothing of this was kept")

    def get_fields(self) -> dict[str, Any]:
        """Fields in the order of reading: the id, what it is, and last the book-keeping that all objects share."""
        return dict(sorted(super().get_fields().items(), key=lambda named: (named[0] != "id", named[0] in BOOKKEEPING)))

    def to_representation(self, instance: Any) -> dict[str, Any]:
        answer = super().to_representation(instance)
        return {**answer, "dry_run": True} if self.context.get("dry_run") else answer


class Described(Output):
    name = serializers.CharField()
    description = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())


class Partition(Described):
    id = serializers.CharField()


class Project(Described):
    id = serializers.UUIDField()
    tenant = serializers.CharField()


class Member(Shape):
    user = serializers.CharField(source="user.username")
    role = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="local, or group: given by the identity provider"
    )
    dry_run = serializers.BooleanField(required=False)


class Members(Shape):
    """A list like all others, on one page: a project has few members."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = Member(many=True)


class Vrf(Described):
    id = serializers.IntegerField()
    networks = serializers.SerializerMethodField()

    def get_networks(self, vrf: models.VRF) -> list[str]:
        return [network.pk for network in vrf.networks.all()]


class Usage(serializers.Serializer[FamilyUse]):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    total_ips = serializers.CharField()
    used_ips = serializers.CharField()
    reserved_ips = serializers.CharField()
    available_ips = serializers.CharField()
    used_prefixes = serializers.CharField()
    available_prefixes = serializers.CharField(allow_null=True)
    utilization = serializers.FloatField(min_value=0, max_value=1)


class Consumption(Shape):
    ipv4 = Usage(required=False)
    ipv6 = Usage(required=False)


class Network(Described):
    id = serializers.CharField()
    type = serializers.CharField()
    stack = serializers.CharField()
    partition = serializers.CharField(source="partition_id", allow_null=True)
    project = serializers.UUIDField(source="project_id", allow_null=True)
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    parent = serializers.CharField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    vrf = serializers.IntegerField(source="vrf_id", allow_null=True)
    vrf_shared = serializers.BooleanField()
    nat_type = serializers.CharField()
    address_families = serializers.SerializerMethodField()
    prefixes = serializers.SerializerMethodField()
    destination_prefixes = serializers.ListField(child=serializers.CharField())
    default_child_prefix_length = fields.Lengths()
    min_child_prefix_length = fields.Lengths()
    additional_announcable_cidrs = serializers.ListField(child=serializers.CharField())
    consumption = serializers.SerializerMethodField()

    def get_address_families(self, network: models.Network) -> list[str]:
        return [family.key for family in sorted({prefix.address_family for prefix in network.prefixes.all()})]

    def get_prefixes(self, network: models.Network) -> list[str]:
        return [str(prefix) for prefix in network.prefixes.all()]

    @extend_schema_field(Consumption)
    def get_consumption(self, network: models.Network) -> dict[str, object]:
        return {use.family.key: Usage(use).data for use in self.context["consumption"][network.pk]}


class Prefix(Output):
    id = serializers.IntegerField()
    prefix = serializers.CharField(source="cidr")
    network = serializers.CharField(source="network_id")
    address_family = fields.OneFamily(source="family")
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    length = serializers.IntegerField()
    consumption = serializers.SerializerMethodField()

    @extend_schema_field(Usage)
    def get_consumption(self, prefix: models.Prefix) -> dict[str, object]:
        return dict(Usage(self.context["consumption"][prefix.pk]).data)


class Address(Described):
    id = serializers.UUIDField()
    ip = serializers.CharField(source="address")
    address_family = fields.OneFamily(source="family")
    network = serializers.CharField(source="network_id")
    prefix = serializers.CharField()
    project = serializers.UUIDField(source="project_id")
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    type = serializers.CharField()
    machine = serializers.CharField(source="machine_id", allow_null=True)
    allocation = serializers.UUIDField()


class Addresses(Shape):
    ips = Address(many=True)
    dry_run = serializers.BooleanField(required=False)


class MachineNetwork(Shape):
    network = serializers.CharField()
    type = serializers.CharField()
    vrf = serializers.IntegerField(allow_null=True)
    asn = serializers.IntegerField()
    nat_type = serializers.CharField()
    private = serializers.BooleanField()
    prefixes = serializers.ListField(child=serializers.CharField())
    destination_prefixes = serializers.ListField(child=serializers.CharField())
    ips = serializers.ListField(child=serializers.CharField())


class Warning(Shape):
    """What is kept as asked, and yet worth a look: a finding's code and sentence."""

    code = serializers.CharField()
    detail = serializers.CharField(source="sentence")


class Machine(Described):
    id = serializers.CharField()
    hostname = serializers.CharField()
    project = serializers.UUIDField(source="project_id")
    partition = serializers.CharField(source="partition_id")
    role = serializers.CharField()
    asn = serializers.IntegerField()
    networks = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(Warning(many=True))
    def get_warnings(self, machine: models.Machine) -> list[object]:
        return list(Warning(findings.of_machine(machine), many=True).data)

    @extend_schema_field(MachineNetwork(many=True))
    def get_networks(self, machine: models.Machine) -> list[dict[str, object]]:
        return [self._network(machine, attachment.network) for attachment in machine.attachments.all()]

    def _network(self, machine: models.Machine, network: models.Network) -> dict[str, object]:
        held = [address.address for address in machine.addresses.all() if address.network_id == network.pk]
        return {
            "network": network.pk,
            "type": network.type,
            "vrf": network.vrf_id,
            "asn": machine.asn,
            "nat_type": network.nat_type,
            "private": network.is_child,
            "prefixes": [str(prefix) for prefix in network.prefixes.all()],
            "destination_prefixes": network.destination_prefixes,
            "ips": [str(address) for address in sorted(held)],
        }


class Holder(Shape):
    project = serializers.UUIDField()
    machine = serializers.SerializerMethodField()

    def get_machine(self, holder: Any) -> str | None:
        return holder.machine or None


class Held(Shape):
    network = serializers.CharField()
    addresses = serializers.ListField(child=serializers.CharField())
    before = Holder(allow_null=True, help_text="who held these addresses until then; null: they were free")
    after = Holder(allow_null=True, help_text="who held them from then on; null: they were free")


class Event(Shape):
    """An entry of the change history, in a list."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_blank=True)
    door = serializers.CharField()
    request_id = serializers.CharField(allow_blank=True)
    verb = serializers.CharField()
    kind = serializers.CharField()
    object = serializers.CharField(source="object_id", allow_blank=True)
    name = serializers.CharField(source="object_name", allow_blank=True)
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    count = serializers.IntegerField(help_text="how many objects it is about")
    changes = serializers.DictField(child=serializers.ListField(), help_text="{field: [before, after]}")
    addresses = serializers.SerializerMethodField(help_text=f"the first {MAX_LISTED} in a list, all in an event")

    def get_network(self, event: models.Event) -> str | None:
        return event.network_id or None

    def get_addresses(self, event: models.Event) -> list[str]:
        return list(event.first_addresses)


class EventDetail(Event):
    """An entry of the change history with all its addresses, and who held them before and after."""

    holders = Held(many=True)
    part_of = serializers.IntegerField(
        source="part_of_id", allow_null=True, help_text="the event of the operation around this one"
    )

    def get_addresses(self, event: Any) -> list[str]:
        return [str(address) for group in event.holders for address in group.addresses]


class Finding(Shape):
    """Something to look at, and what mends it."""

    code = serializers.CharField()
    severity = serializers.CharField(source="get_severity_display", help_text="serious, warning or info")
    kind = serializers.CharField(help_text="of what it is about: network, address, machine, cluster, project, pool")
    object = serializers.CharField(source="object_id", allow_blank=True)
    name = serializers.CharField(source="object_name", allow_blank=True)
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    address_family = fields.OneFamily(source="family", allow_null=True)
    detail = serializers.CharField(source="sentence")

    def get_network(self, finding: models.Finding) -> str | None:
        return finding.network_id or None


class RefusedAllocation(Shape):
    allocation = serializers.UUIDField()
    code = serializers.CharField(source="reason.code")
    detail = serializers.CharField(source="reason.detail")


class Progress(Shape):
    completed = serializers.SerializerMethodField()
    remaining = serializers.IntegerField()
    refused = RefusedAllocation(many=True)
    dry_run = serializers.BooleanField(required=False)

    def get_completed(self, progress: CompletionProgress) -> int:
        return len(progress.completed)


class Free(Shape):
    """The free space of one family."""

    blocks = serializers.ListField(child=serializers.CharField(), help_text="free blocks, largest first")
    available_ips = serializers.CharField()
    length = serializers.IntegerField(required=False, allow_null=True)
    fits = serializers.CharField(allow_null=True, help_text="how many blocks of that length fit")
    next = serializers.CharField(allow_null=True, help_text="the block of that length that comes next")


class FreeByFamily(Shape):
    ipv4 = Free(required=False)
    ipv6 = Free(required=False)


class Cell(Shape):
    cidr = serializers.CharField()
    state = serializers.ChoiceField(choices=["free", "partial", "full", "reserved"])
    used = serializers.FloatField(min_value=0, max_value=1)


class Map(Shape):
    prefix = serializers.CharField()
    cells = Cell(many=True)


class Hit(Shape):
    id = serializers.CharField()
    text = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    network = serializers.CharField(allow_blank=True)


class Hits(Shape):
    addresses = Hit(many=True)
    prefixes = Hit(many=True)
    networks = Hit(many=True)
    machines = Hit(many=True)
    clusters = Hit(many=True)
    projects = Hit(many=True)
    partitions = Hit(many=True)
    vrfs = Hit(many=True)


class Gone(Shape):
    dry_run = serializers.BooleanField()


class Status(Shape):
    status = serializers.CharField()


class ProblemError(Shape):
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(Shape):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemError(many=True)  # type: ignore[assignment]
