"""A column of plain text comes in and goes out at every door alike."""

from typing import Any

import pytest

from ipam import filters
from ipam.api import cluster_shapes, inputs, outputs
from ipam.domain.files import kinds
from ipam.forms import addresses, clusters, described, machines, networks
from ipam.models import VRF, Cluster, IPAddress, Machine, Network, Partition, Project
from ipam.models.base import Described

# What each door takes or gives: requests (new and changed), answers, filters, forms, tables.
DOORS: dict[type[Described], list[Any]] = {
    Partition: [inputs.NewPartition, inputs.Described, outputs.Partition, filters.PartitionFilters],
    Project: [inputs.NewProject, inputs.ChangedProject, outputs.Project, filters.ProjectFilters],
    VRF: [inputs.NewVrf, inputs.Described, outputs.Vrf, filters.VrfFilters],
    Network: [inputs.NewNetwork, inputs.ChangedNetwork, outputs.Network, filters.NetworkFilters],
    IPAddress: [inputs.NewAddresses, inputs.ChangedAddress, outputs.Address, filters.AddressFilters],
    Machine: [inputs.NewMachine, inputs.ChangedMachine, outputs.Machine, filters.MachineFilters],
    Cluster: [cluster_shapes.NewCluster, cluster_shapes.ChangedCluster, cluster_shapes.Cluster, filters.ClusterFilters],
}
FORMS: dict[type[Described], list[Any]] = {
    Partition: [described.NewPartitionForm, described.LabelledForm],
    Project: [described.NewProjectForm, described.ProjectForm],
    VRF: [described.NewVrfForm, described.LabelledForm],
    Network: [networks.NewRootForm, networks.ChangedNetworkForm],
    IPAddress: [addresses.AllocateForm, addresses.ChangedAddressForm],
    Machine: [machines.JoiningForm, machines.MachineForm],
    Cluster: [clusters.NewClusterForm, clusters.DraftForm],
}


def names_of(door: Any) -> set[str]:
    if hasattr(door, "base_fields"):
        return {*door.base_fields}
    return {*(door.base_filters if hasattr(door, "base_filters") else door().get_fields())}


@pytest.mark.parametrize("model", DOORS)
def test_every_text_is_taken_and_given_at_every_door(model: type[Described]) -> None:
    tables = [kind.names for kind in kinds.KINDS.values() if kind.rows().model is model]
    shown = [*map(names_of, [*DOORS[model], *FORMS[model]]), *map(set, tables)]
    assert [door for door in shown if not {*model.texts} <= door] == []
