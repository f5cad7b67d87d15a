"""Clusters of an invented cloud: a handful in different states, each on the first private network that suits it."""

from collections.abc import Iterator
from typing import Any

from ipam.addressing import Family
from ipam.demo.plan import NAMES, Cloud
from ipam.domain.clusters import lifecycle, migration, migration_steps
from ipam.domain.clusters.plan import NewCluster
from ipam.models import Cluster, Network
from ipam.models.clusters import FamilyOrder, MigrationStep
from ipam.models.networks import NetworkType


def plan(cloud: Cloud) -> None:
    """Plan those of `names.yaml` for which the cloud has a network, of a project of its own each."""
    networks = _networks(cloud)
    for wanted in NAMES["clusters"]:
        said: dict[str, Any] = wanted | {"families": FamilyOrder(wanted["families"]).families}
        state = said.pop("state")
        if network := next(networks, None):
            new = NewCluster(**said | {"network": network, "project": network.project})
            made = lifecycle.create(new, reserve=state != "draft", id=cloud.uuid())
            if state == "migrating":
                _begin_migration(made)


def _networks(cloud: Cloud) -> Iterator[Network]:
    """Private networks with both families and machines, one of each project."""
    seen = set()
    for network in cloud.rows[Network]:
        suits = network.type == NetworkType.CHILD and not network.namespace and cloud.claims[network.pk]
        if suits and len(cloud.room(network)) == len(Family) and network.project not in seen:
            seen.add(network.project)
            yield network


def _begin_migration(cluster: Cluster) -> None:
    """Its specification has both families, and its nodes are being replaced."""
    changed = migration.change(cluster, migration.next_families(cluster), roll_nodes=True)
    migration_steps.finish(changed, MigrationStep.SPEC)
