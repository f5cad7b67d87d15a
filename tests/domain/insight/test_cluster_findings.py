"""What an operator should look at in clusters."""

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.insight import cluster_findings, survey, surveying
from ipam.domain.networks import completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Partition, Project
from tests.builders import IPV4, IPV6, cidrs
from tests.builders import families as per_family
from tests.shared import shared_fixture


@shared_fixture
def web(tenants: Network, private: Network, project: Project) -> Cluster:
    """Alice's cluster with room for four nodes."""
    networks.update(tenants, additional_announcable_cidrs=cidrs("10.240.0.0/12", "fd00:10:240::/44"))
    pods = per_family("10.240.0.0/22", "fd00:10:240::/52")
    return lifecycle.create(NewCluster(name="web", project=project, network=private, pods=pods), reserve=True)


def found() -> list[tuple[str, int, int | None, str]]:
    return [(one.code, one.severity, one.family, one.object_name) for one in cluster_findings.of_clusters()]


def join(network: Network, count: int, partition: Partition, *wanted: int) -> None:
    joined = [Attachment(network=network, families=wanted)]  # type: ignore[arg-type]
    assert network.project
    for _ in range(count):
        machines.allocate(project=network.project, partition=partition, networks=joined)


def test_cluster_in_order_has_no_finding(web: Cluster, private: Network, partition: Partition) -> None:
    join(private, 2, partition)
    assert found() == []


def test_pods_that_no_switch_announces_are_found_by_family(web: Cluster, tenants: Network) -> None:
    networks.update(tenants, additional_announcable_cidrs=cidrs("10.240.0.0/12"), force=True)
    assert found() == [("pods_not_announcable", 1, 6, "web")]
    Cluster.objects.update(native_routing=False)
    assert found() == []


def test_node_without_a_family_of_its_cluster_is_found(web: Cluster, private: Network, partition: Partition) -> None:
    join(private, 2, partition, IPV4)
    assert found() == [("one_family_nodes", 2, 6, "web")]
    completion.complete(private, IPV6)
    assert found() == []


def test_cluster_that_fills_up_is_found_in_the_family_that_binds(
    web: Cluster, private: Network, partition: Partition
) -> None:
    join(private, 3, partition)
    assert found() == [("nodes_nearly_full", 1, 4, "web")]


def test_nodes_that_come_before_others_go_keep_their_room(web: Cluster, private: Network, partition: Partition) -> None:
    Cluster.objects.update(max_surge=0)
    join(private, 3, partition)
    assert found() == []


def test_drafts_and_released_clusters_have_no_findings(web: Cluster, tenants: Network) -> None:
    networks.update(tenants, additional_announcable_cidrs=[], force=True)
    lifecycle.release(web)
    assert found() == []


def test_survey_keeps_the_findings_of_clusters(web: Cluster, tenants: Network) -> None:
    networks.update(tenants, additional_announcable_cidrs=[], force=True)
    surveying.run()
    stored = [one.code for one in survey.current_findings().findings if one.kind == "cluster"]
    assert stored == ["pods_not_announcable"] * 2
