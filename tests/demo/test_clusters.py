"""The invented cloud has clusters to look at, and none of them is at fault."""

from ipam.demo import seeding
from ipam.domain.core.operations import dry_run
from ipam.domain.insight import cluster_findings
from ipam.models import Cluster, Event
from tests.shared import shared_fixture


@shared_fixture
def seeded() -> None:
    seeding.seed(networks=40, prefixes=100, addresses=2000)


def test_clusters_differ_in_state_platform_and_families(seeded: None) -> None:
    told = ("name", "state", "platform", "families", "migration_step")
    assert list(Cluster.objects.values_list(*told)) == [
        ("apps", "reserved", "gardener", "ipv4,ipv6", ""),
        ("batch", "reserved", "gardener", "ipv4", ""),
        ("data", "reserved", "kubernetes", "ipv6,ipv4", ""),
        ("edge", "draft", "kubeadm", "ipv6", ""),
        ("legacy", "reserved", "kubeadm", "ipv4,ipv6", "nodes"),
    ]


def test_each_cluster_is_of_a_project_of_its_own_with_machines(seeded: None) -> None:
    clusters = Cluster.objects.with_plan()
    assert len({one.project_id for one in clusters}) == len(clusters)
    assert all(one.network.attachments.exists() for one in clusters)


def test_nothing_is_found_about_clusters_of_the_example(seeded: None) -> None:
    assert list(cluster_findings.of_clusters(limit=None)) == []


def test_clusters_of_the_example_were_made_by_its_event(seeded: None) -> None:
    made = Event.objects.filter(kind="cluster", verb="create")
    assert set(made.values_list("part_of__verb", flat=True)) == {"seed"}


def test_same_seed_gives_the_same_clusters(db: None) -> None:
    def ranges() -> list[tuple[object, ...]]:
        with dry_run():
            seeding.seed(networks=40, prefixes=100, addresses=2000)
            return [(one.pk, one.network_id, one.pods, one.services) for one in Cluster.objects.with_plan()]

    assert ranges() == ranges()


def test_cloud_of_one_private_network_has_one_cluster_at_most(db: None) -> None:
    seeding.seed(networks=4, prefixes=10, addresses=20)
    assert Cluster.objects.count() <= 1
