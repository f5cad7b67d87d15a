"""The shape of clusters: what requests look like, and what answers do."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import models, values
from ipam.addressing import Cidr, Family
from ipam.api import fields, inputs
from ipam.api.shapes import Described, Shape
from ipam.domain.clusters import belongings, documented, plan
from ipam.models.base import SLUG_LENGTH
from ipam.models.clusters import CLUSTER_NAME_LENGTH, MAX_SURGE, MigrationStep, Platform, PodIpam

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
    ipam = fields.Choice(choices=PodIpam.choices, required=False)
    max_surge = fields.Integer(required=False, allow_null=True, min_value=0, max_value=MAX_SURGE)
    gardener_project = fields.Text(required=False, allow_blank=True, max_length=CLUSTER_NAME_LENGTH)
    gardener_version = fields.Text(required=False, allow_blank=True, max_length=11)
    is_seed = fields.Flag(required=False)
    seed = fields.Uuid(required=False, allow_null=True, help_text="a cluster that is one")


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


# --- answers --------------------------------------------------------------------------------------
class FamilyCapacity(Shape):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    nodes_by_network = serializers.CharField()
    nodes_by_pods = serializers.CharField(allow_null=True, help_text="null where no block of a node binds")
    pods_per_node = serializers.CharField()
    services = serializers.CharField()
    api_server = serializers.CharField(allow_null=True, help_text="null where services that run are too few")
    dns = serializers.CharField(allow_null=True)


class Capacity(Shape):
    nodes = serializers.CharField(help_text="after firewalls, and those that come before others go")
    reserve = serializers.CharField(help_text="addresses for a firewall that comes before another goes")
    ipam = serializers.ChoiceField(choices=PodIpam.choices, help_text="for which nodes_by_pods holds")
    limiting_family = fields.OneFamily(source="family")
    limited_by = serializers.ChoiceField(choices=["nodes", "pods"], source="reason")
    services = serializers.CharField(help_text="with an address of every family")
    ipv4 = FamilyCapacity(required=False)
    ipv6 = FamilyCapacity(required=False)

    def to_representation(self, instance: plan.Capacity) -> dict[str, object]:
        of_families = {one.family.key: FamilyCapacity.of(one) for one in instance.families}
        return {**super().to_representation(instance), **of_families}


class PlanWarning(Shape):
    code = serializers.CharField()
    field = serializers.CharField()
    detail = serializers.CharField()
    issues = serializers.ListField(child=serializers.URLField(), help_text="where upstream speaks of it")


class Cluster(Described):
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
    ipam = serializers.ChoiceField(choices=PodIpam.choices)
    max_surge = serializers.IntegerField(source="surge")
    gardener_project = serializers.CharField(allow_blank=True)
    gardener_version = serializers.CharField(allow_blank=True)
    is_seed = serializers.BooleanField()
    seed = serializers.UUIDField(source="seed_id", allow_null=True)
    service_cidrs = serializers.ListField(child=serializers.CharField())
    migration_step = serializers.ChoiceField(choices=MigrationStep.choices, help_text="what comes next; empty for none")
    load_balancer_ips = serializers.SerializerMethodField(
        help_text="their texts, IPv4 first; GET ips/?cluster= has them whole, with the allocations to give back"
    )
    api_ips = serializers.SerializerMethodField()
    firewall_ips = serializers.SerializerMethodField()
    differences = serializers.SerializerMethodField(help_text="from the document of the running cluster")
    capacity = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    def get_load_balancer_ips(self, cluster: models.Cluster) -> list[str]:
        return self._owned(cluster, belongings.LOAD_BALANCERS)

    def get_api_ips(self, cluster: models.Cluster) -> list[str]:
        return self._owned(cluster, belongings.API)

    def get_firewall_ips(self, cluster: models.Cluster) -> list[str]:
        return self._owned(cluster, belongings.FIREWALLS)

    def _owned(self, cluster: models.Cluster, what: str) -> list[str]:
        return cast(list[str], self.context["owned"][cluster.pk][what])

    def get_differences(self, cluster: models.Cluster) -> list[str]:
        return list(documented.differences(cluster))

    @extend_schema_field(Capacity)
    def get_capacity(self, cluster: models.Cluster) -> dict[str, object]:
        return Capacity.of(plan.capacity(self.context["plans"][cluster.pk]))

    @extend_schema_field(PlanWarning(many=True))
    def get_warnings(self, cluster: models.Cluster) -> list[object]:
        return list(map(PlanWarning.of, self.context["warnings"][cluster.pk]))


class Document(Shape):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    file_name = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    refusal = serializers.CharField(allow_blank=True, help_text="why the plan has no such document; else empty")


class Documents(Shape):
    manifests = Document(many=True)


class Precondition(Shape):
    code = serializers.CharField()
    is_met = serializers.BooleanField()
    sentence = serializers.CharField()


class Readiness(Shape):
    families = _families(help_text="those that come next")
    preconditions = Precondition(many=True)
    warnings = PlanWarning(many=True)
    machines = serializers.IntegerField()
    machines_ready = serializers.IntegerField(help_text="those that have an address of each of these families")
