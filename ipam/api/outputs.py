"""The shape of answers, one class per object of the contract."""

from typing import cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import models
from ipam.api import fields, measures
from ipam.api.shapes import Described, Output, Shape
from ipam.domain.insight import loose_ends
from ipam.domain.networks.completion import Progress as CompletionProgress


class Managed(Described):
    managed_by = serializers.CharField(help_text="the system that owns it, such as metal-stack; empty: Twofold")


class Partition(Managed):
    id = serializers.CharField()


class Project(Managed):
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
        return cast(list[str], self.context["networks"][vrf.pk])


class Usage(Shape):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    total_ips = serializers.CharField()
    used_ips = serializers.CharField()
    reserved_ips = serializers.CharField()
    cooling_ips = serializers.CharField()
    available_ips = serializers.CharField()
    used_prefixes = serializers.CharField()
    available_prefixes = serializers.CharField(allow_null=True)
    utilization = serializers.FloatField(min_value=0, max_value=1)


class Consumption(Shape):
    ipv4 = Usage(required=False)
    ipv6 = Usage(required=False)


class Network(Managed):
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
    child_choice = serializers.CharField()
    quarantine = measures.Hours()
    quarantine_strict = serializers.BooleanField()
    cluster_ranges = serializers.CharField(help_text="of a super network: per-vrf or strict")
    consumption = serializers.SerializerMethodField()

    def get_address_families(self, network: models.Network) -> list[str]:
        return [use.family.key for use in self.context["consumption"][network.pk]]

    def get_prefixes(self, network: models.Network) -> list[str]:
        return list(map(str, self.context["prefixes"][network.pk]))

    @extend_schema_field(Consumption)
    def get_consumption(self, network: models.Network) -> dict[str, object]:
        return {use.family.key: Usage.of(use) for use in self.context["consumption"][network.pk]}


class Networks(Shape):
    """What a request with a count has made."""

    networks = Network(many=True)
    dry_run = serializers.BooleanField(required=False)


class Prefix(Output):
    id = serializers.IntegerField()
    prefix = serializers.CharField(source="*")
    network = serializers.CharField(source="network_id")
    address_family = fields.OneFamily(source="family")
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    length = serializers.IntegerField()
    gateway = serializers.CharField(allow_null=True)
    reserve_ends = serializers.BooleanField()
    consumption = serializers.SerializerMethodField()

    @extend_schema_field(Usage)
    def get_consumption(self, prefix: models.Prefix) -> dict[str, object]:
        return Usage.of(self.context["consumption"][prefix.pk])


class Address(Managed):
    id = serializers.UUIDField()
    ip = serializers.CharField(source="address")
    address_family = fields.OneFamily(source="family")
    network = serializers.CharField(source="network_id")
    prefix = serializers.CharField()
    project = serializers.UUIDField(source="project_id")
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    type = serializers.CharField()
    shared = serializers.SerializerMethodField()
    machine = serializers.CharField(source="machine_id", allow_null=True)
    machines = serializers.ListField(
        source="machine_ids", child=serializers.CharField(), help_text="all that have it, the first first"
    )
    cluster = serializers.UUIDField(source="cluster_id", allow_null=True)
    allocation = serializers.UUIDField()

    @extend_schema_field(serializers.ChoiceField(choices=models.IPAddress.Shared.choices, allow_null=True))
    def get_shared(self, address: models.IPAddress) -> str | None:
        return address.shared or None


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


class Machine(Managed):
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
        types = {joined.type for joined in self.context["networks"][machine.pk]}
        return [Warning.of(finding) for finding in loose_ends.of_machine(machine, types)]

    @extend_schema_field(MachineNetwork(many=True))
    def get_networks(self, machine: models.Machine) -> list[object]:
        return [MachineNetwork.of(joined) for joined in self.context["networks"][machine.pk]]


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
    state = serializers.ChoiceField(choices=["free", "partial", "full", "reserved", "cooling"])
    used = serializers.FloatField(min_value=0, max_value=1)


class Map(Shape):
    prefix = serializers.CharField()
    cells = Cell(many=True)
