"""Routes below /api/v1/."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from ipam.api import (
    addresses,
    alerts,
    claims,
    clusters,
    insight,
    machines,
    networks,
    partitions,
    projects,
    quotas,
    ranges,
    series,
    status,
    tenures,
    vrfs,
    webhooks,
)

router = SimpleRouter()
router.register("ips", addresses.AddressViews, "ip")  # first, for they are tried in order
router.register("partitions", partitions.PartitionViews, "partition")
router.register("projects", projects.ProjectViews, "project")
router.register("vrfs", vrfs.VrfViews, "vrf")
router.register("networks", networks.NetworkViews, "network")
router.register("networks/(?P<network>[^/]+)/ranges", ranges.RangeViews, "range")
router.register("prefixes", networks.PrefixViews, "prefix")
router.register("allocations", addresses.AllocationViews, "allocation")
router.register("machines", machines.MachineViews, "machine")
router.register("clusters", clusters.ClusterViews, "cluster")
router.register("claims", claims.ClaimViews, "claim")
router.register("quotas", quotas.QuotaViews, "quota")
router.register("events", insight.EventViews, "event")
router.register("findings", insight.FindingViews, "finding")
router.register("alert-rules", alerts.AlertRuleViews, "alert-rule")
router.register("alerts", alerts.AlertViews, "alert")
router.register("webhooks", webhooks.WebhookViews, "webhook")
router.register("deliveries", webhooks.DeliveryViews, "delivery")

app_name = "api"
urlpatterns = [
    path(
        "claims/",
        claims.ClaimViews.as_view({"get": "list", "post": "create", "delete": "release"}, detail=False),
        name="claims",
    ),
    *router.urls,
    path("forecasts/", series.ForecastViews.as_view({"get": "list"}), name="forecasts"),
    path("tenures/", tenures.TenureViews.as_view({"get": "list"}), name="tenures"),
    path("addresses/<str:ip>/", tenures.AddressStateView.as_view(), name="address-state"),
    path("search/", status.SearchView.as_view(), name="search"),
    path("healthz/", status.HealthView.as_view(), name="healthz"),
    path("readyz/", status.ReadyView.as_view(), name="readyz"),
    re_path(r"", status.NothingHereView.as_view()),
]
