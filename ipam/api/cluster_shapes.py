"""The shape of clusters and claims: what requests look like, and what answers do."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import models, values
from ipam.addressing import Cidr, Family
from ipam.api import fields, inputs, outputs
from ipam.domain.clusters import plan, rules
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH
from ipam.models.clusters import CLUSTER_NAME_LENGTH, Platform

_MAX = 10**6  # nodes and pods; the domain says what there is room for


@extend_schema_field(
    {
        "type": "object",
        "properties": {family.key: {"type": "string"} for family in Family},
        "additionalProperties": False,
        "example": {"ipv4": "10.240.0.0/13", "ipv6": "fd00:10:240::/52"},
    }
)
class Ranges(fields.ByFamily[Cidr]):
    """A CIDR per family; a missing key means that it is proposed."""

    @staticmethod
    def parse(data: object) -> dict[Family, Cidr]:
        return values.parse_by_family(data, fields.Cidr().to_internal_value, values.RANGES)


def _families(**options: Any) -> serializers.ListField:
    """The primary family first."""
    return fields.Many(child=fields.OneFamily(), min_length=1, max_length=len(Family), **options)


# --- requests -------------------------------------------------------------------------------------
class ChangedCluster(inputs.Described):
    name = fields.Text(required=False, max_length=CLUSTER_NAME_LENGTH)
    platform = fields.Choice(choices=Platform.choices, required=False)
    kubernetes_version = fields.Text(required=False, max_length=8)
    families = _families(required=False)
    pods = Ranges(required=False)
    services = Ranges(required=False)
    node_mask = fields.Lengths(required=False)
    max_pods = fields.Integer(required=False, min_value=1, max_value=_MAX)
    wanted_nodes = fields.Integer(required=False, allow_null=True, min_value=1, max_value=_MAX)
    native_routing = fields.Flag(required=False)


class NewCluster(ChangedCluster):
    """On a node network, or with one that is carved from `parent` or the super network of `partition`."""

    name = fields.Text(max_length=CLUSTER_NAME_LENGTH)
    project = fields.Text(max_length=SLUG_LENGTH)
    network = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    parent = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)  # type: ignore[assignment]
    partition = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    reserve = fields.Flag(required=False)


class NewFamilies(inputs.Input):
    families = _families()
    roll_nodes = fields.Flag(required=False)
    pods = Ranges(required=False)
    services = Ranges(required=False)
    node_mask = fields.Lengths(required=False)


class NewClaim(inputs.Input):
    pool = fields.Text(max_length=SLUG_LENGTH, help_text="a network")
    name = fields.Text(max_length=NAME_LENGTH)
    owner = fields.Text(max_length=SLUG_LENGTH, help_text="a project")


# --- answers --------------------------------------------------------------------------------------
class FamilyCapacity(outputs.Shape):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    nodes_by_network = serializers.CharField()
    nodes_by_pods = serializers.CharField()
    pods_per_node = serializers.CharField()
    services = serializers.CharField()
    api_server = serializers.CharField()
    dns = serializers.CharField()


class Capacity(outputs.Shape):
    nodes = serializers.CharField()
    limiting_family = fields.OneFamily(source="family")
    limited_by = serializers.ChoiceField(choices=["nodes", "pods"], source="reason")
    services = serializers.CharField(help_text="with an address of every family")
    ipv4 = FamilyCapacity(required=False)
    ipv6 = FamilyCapacity(required=False)

    def to_representation(self, instance: plan.Capacity) -> dict[str, Any]:
        shared = {name: field for name, field in self.fields.items() if name not in ("ipv4", "ipv6")}
        answer = {name: field.to_representation(field.get_attribute(instance)) for name, field in shared.items()}
        return {**answer, **{one.family.key: FamilyCapacity(one).data for one in instance.families}}


class PlanWarning(outputs.Shape):
    code = serializers.CharField()
    field = serializers.CharField()
    detail = serializers.CharField()


class Cluster(outputs.Described):
    id = serializers.UUIDField()
    project = serializers.UUIDField(source="project_id")
    network = serializers.CharField(source="network_id")
    state = serializers.ChoiceField(choices=models.Cluster.State.choices)
    platform = serializers.CharField()
    kubernetes_version = serializers.CharField()
    families = _families(source="address_families")
    nodes = Ranges()
    pods = Ranges()
    services = Ranges()
    node_mask = fields.Lengths()
    max_pods = serializers.IntegerField()
    wanted_nodes = serializers.IntegerField(allow_null=True)
    native_routing = serializers.BooleanField()
    capacity = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(Capacity)
    def get_capacity(self, cluster: models.Cluster) -> dict[str, object]:
        return dict(Capacity(plan.capacity(self.context["plans"][cluster.pk])).data)

    @extend_schema_field(PlanWarning(many=True))
    def get_warnings(self, cluster: models.Cluster) -> list[object]:
        return list(PlanWarning(rules.warnings(self.context["plans"][cluster.pk]), many=True).data)


class Document(outputs.Shape):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    file_name = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    refusal = serializers.CharField(allow_blank=True, help_text="why the plan has no such document; else empty")


class Documents(outputs.Shape):
    manifests = Document(many=True)


class Precondition(outputs.Shape):
    code = serializers.CharField()
    is_met = serializers.BooleanField()
    sentence = serializers.CharField()


class Readiness(outputs.Shape):
    families = _families(help_text="those that come next")
    preconditions = Precondition(many=True)
    machines = serializers.IntegerField()
    machines_ready = serializers.IntegerField(help_text="those that have an address of each of these families")


class Claim(outputs.Output):
    id = serializers.UUIDField()
    pool = serializers.CharField(source="network_id")
    name = serializers.CharField()
    owner = serializers.UUIDField(source="project_id")
    allocation = serializers.UUIDField()
    ips = serializers.SerializerMethodField()

    def get_ips(self, claim: models.Claim) -> list[str]:
        return [str(address) for address in self.context["ips"].get(claim.allocation, ())]
