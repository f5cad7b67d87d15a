"""Routes below /api/v1/."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from ipam.api import addresses, clusters, insight, machines, networks, partitions, projects, status, vrfs

router = SimpleRouter()
router.register("partitions", partitions.PartitionViews, "partition")
router.register("projects", projects.ProjectViews, "project")
router.register("vrfs", vrfs.VrfViews, "vrf")
router.register("networks", networks.NetworkViews, "network")
router.register("prefixes", networks.PrefixViews, "prefix")
router.register("ips", addresses.AddressViews, "ip")
router.register("allocations", addresses.AllocationViews, "allocation")
router.register("machines", machines.MachineViews, "machine")
router.register("clusters", clusters.ClusterViews, "cluster")
router.register("claims", clusters.ClaimViews, "claim")
router.register("events", insight.EventViews, "event")
router.register("findings", insight.FindingViews, "finding")

app_name = "api"
urlpatterns = [
    path(
        "claims/",
        clusters.ClaimViews.as_view({"get": "list", "post": "create", "delete": "release"}, detail=False),
        name="claims",
    ),
    *router.urls,
    path("search/", status.SearchView.as_view(), name="search"),
    path("healthz/", status.HealthView.as_view(), name="healthz"),
    path("readyz/", status.ReadyView.as_view(), name="readyz"),
    re_path(r"", status.NothingHereView.as_view()),
]
