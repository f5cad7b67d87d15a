"""The shape of what a cluster has beside its plan."""

from rest_framework import serializers

from ipam.api import fields, inputs
from ipam.api.cluster_shapes import Ranges
from ipam.api.shapes import Shape
from ipam.domain.clusters import migration_steps
from ipam.domain.moving import cluster_documents
from ipam.domain.networks.address_rules import MAX_PER_REQUEST
from ipam.models.base import SLUG_LENGTH
from ipam.models.clusters import CLUSTER_NAME_LENGTH


# --- requests -------------------------------------------------------------------------------------
class NewApiAddresses(inputs.Input):
    network = fields.Text(max_length=SLUG_LENGTH)


class NewLoadBalancerAddresses(NewApiAddresses):
    count = fields.Integer(required=False, min_value=1, max_value=MAX_PER_REQUEST)


class NewServices(inputs.Input):
    services = Ranges()


class FinishedStep(inputs.Input):
    done = fields.Choice(choices=[str(step) for step in migration_steps.ORDER])


class ClusterDocument(inputs.Input):
    document = fields.Text(max_length=cluster_documents.LONGEST, help_text="a Shoot, or kubeadm's ClusterConfiguration")


class RunningCluster(ClusterDocument):
    """A cluster that runs, in the network that its nodes are in."""

    project = fields.Text(max_length=SLUG_LENGTH)
    network = fields.Text(max_length=SLUG_LENGTH)
    name = fields.Text(required=False, max_length=CLUSTER_NAME_LENGTH, help_text="if not that of the document")


# --- answers --------------------------------------------------------------------------------------
class MigrationStep(Shape):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=[migration_steps.DONE, migration_steps.CURRENT, migration_steps.LATER])
    command = serializers.CharField()
    watch = serializers.CharField()


class MigrationProgress(Shape):
    step = serializers.CharField(allow_blank=True, help_text="what comes next; empty for none")
    steps = MigrationStep(many=True)
    nodes = serializers.IntegerField()
    nodes_ready = serializers.IntegerField(help_text="those that have an address of each family")
    addresses_lacking = serializers.IntegerField(help_text="of the node network and the cluster, of one family only")
