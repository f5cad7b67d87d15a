"""Clusters whose documents are read: each platform with each order of families, with all that a cluster can have."""

from collections.abc import Iterator
from itertools import product

from ipam.domain.clusters import belongings, lifecycle, planning, service_ranges
from ipam.domain.clusters.manifests import catalogue
from ipam.domain.clusters.plan import plan_of
from ipam.domain.networks import claims, machines, networks, partitions, prefixes, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models.clusters import Platform
from tests.builders import IPV4, IPV6, child, cidrs, external, families, ip, super_network, worked_example

ORDERS = [(IPV4,), (IPV6,), (IPV4, IPV6), (IPV6, IPV4)]
_FURTHER = {IPV4: "10.249.0.0/20", IPV6: "fd00:10:249::/112"}


def emitted() -> Iterator[tuple[str, catalogue.Document]]:
    """Every document of every cluster, with what the cluster is."""
    partition, project = partitions.create(id="mini-lab"), projects.create(name="alice", tenant="acme")
    internet = networks.create(external(partition=partition))
    each = [*product(Platform.values, ORDERS, ["1.36"]), *product([Platform.KUBEADM], ORDERS, ["1.30"])]
    for number, (platform, order, version) in enumerate(each):
        prefix = cidrs(f"10.{number}.0.0/16", f"2001:db8:{number:x}:10::/64")
        parent = networks.create(super_network(id=f"tenants-{number}", prefixes=prefix))
        network = networks.create(child(parent=parent, project=project))
        prefixes.update(network.prefixes.get(family=4), gateway=ip(f"10.{number}.0.1"))
        example = worked_example(project=project, network=network)
        ranges = {
            name: {family: getattr(example, name)[family] for family in order}
            for name in ("pods", "services", "node_mask")
        }
        wanted = worked_example(
            name=f"web-{number}",
            project=project,
            network=network,
            families=order,
            platform=platform,
            kubernetes_version=version,
            **ranges,
        )
        cluster = lifecycle.create(wanted, reserve=True)
        belongings.take_for_load_balancers(cluster, internet, count=3)
        belongings.take_for_api(cluster, internet)
        if version != "1.30":  # which takes no further services, and kubeadm.k8s.io/v1beta3
            service_ranges.add(cluster, families(*(_FURTHER[family] for family in order)))
        claims.claim(internet, project=project, name=f"ns/m-{number}")
        joined = [Attachment(network=network), Attachment(network=internet)]
        machines.allocate(project=project, partition=partition, hostname=f"node-{number}", networks=joined)
        stored = planning.get(cluster.pk)
        for document in catalogue.documents(stored, plan_of(stored)):
            yield f"{platform} {version}, {' and '.join(family.label for family in order)}", document
