"""Clusters: each view fetches, calls one operation of the domain, renders."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import filters
from ipam.api import cluster_belongings, cluster_shapes, inputs, parameters, preconditions
from ipam.api.cluster_belongings import ClusterBelongings
from ipam.api.resources import Body, Data, Editable, with_references
from ipam.domain.clusters import belongings, cautions, lifecycle, migration, planning
from ipam.domain.clusters.manifests import catalogue as manifests
from ipam.domain.clusters.plan import NewCluster, plan_of
from ipam.domain.core import lookups
from ipam.domain.core.by_ids import Named
from ipam.models import Cluster, Network


class ClusterViews(ClusterBelongings, Editable[Cluster]):
    model, output, filterset_class = Cluster, cluster_shapes.Cluster, filters.ClusterFilters
    inputs = {
        "create": cluster_shapes.NewCluster,
        "partial_update": cluster_shapes.ChangedCluster,
        "families": cluster_shapes.NewFamilies,
        "reserve": inputs.Nothing,
        "release": inputs.Nothing,
        **cluster_belongings.INPUTS,
    }
    answers = {
        "manifests": cluster_shapes.Documents,
        "readiness": cluster_shapes.Readiness,
        **cluster_belongings.ANSWERS,
    }
    creating = {"create", "load_balancer_addresses", "api_addresses", "service_cidrs", "register"}
    parameters = {
        "remove_service_cidr": [cluster_belongings.PREFIX],
        "manifests": [
            OpenApiParameter("kind", str, enum=list(manifests.KINDS), description="all of them if left out"),
            OpenApiParameter("pool", str, description="for load balancers: an external network, by its id or name"),
            OpenApiParameter("machine", str, description="the one that joins; all of the node network if left out"),
        ],
    }
    ordering_fields = {"name": "name", "id": "pk", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Cluster]:
        return Cluster.objects.with_plan(beside=True)

    def context_for(self, objects: list[Cluster]) -> dict[str, object]:
        plans = {cluster.pk: plan_of(cluster) for cluster in objects}
        return {"plans": plans, "warnings": cautions.of_clusters(plans, objects), "owned": belongings.of(objects)}

    def found(self) -> Cluster:
        """The cluster that the address names, with its plan; merely its id for operations, which read it themselves."""
        if self.request.method in SAFE_METHODS:
            return planning.get(self.kwargs["pk"])
        return super().found() if preconditions.seen(self.request) is not None else Cluster(pk=self.kwargs["pk"])

    def render(self, one: Cluster) -> Body:
        """A cluster as an operation leaves it, with its plan."""
        return self.show(one)

    def make(self, data: Data) -> Cluster:
        given = {name: value for name, value in data.items() if name != "reserve"}
        networks = [key for name in ("network", "parent") if (key := given.get(name))]
        seed: Named = {"seed": (Cluster, key)} if (key := given.get("seed")) else {}
        found = with_references(given, seed, at_hand=lookups.networks_at_hand(networks, "project"))
        return lifecycle.create(NewCluster(**found), reserve=data.get("reserve", False))

    def change(self, found: Cluster, data: Data) -> Cluster:
        if data.get("seed"):
            data = {**data, "seed": lookups.get(Cluster, data["seed"], field="seed")}
        return lifecycle.update(found, **data)

    def discard(self, found: Cluster) -> None:
        lifecycle.delete(found)

    @action(detail=True, methods=["post"])
    def reserve(self, request: Request, pk: str) -> Response:
        self.parse(request)
        return self.write(lambda: lifecycle.reserve(self.found()))

    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        self.parse(request)
        return self.write(lambda: lifecycle.release(self.found()))

    @action(detail=True, methods=["post"])
    def families(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(lambda: migration.change(self.found(), **data))

    @families.mapping.get
    def readiness(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        found = migration.readiness(self.found())
        return Response(cluster_shapes.Readiness(found).data)

    @action(detail=True)
    def manifests(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, {"kind", "pool", "machine"})
        asked = {name: request.query_params.get(name, "") for name in ("kind", "pool", "machine")}
        found = self.found()
        if asked["pool"]:
            asked["pool"] = lookups.named(Network, asked["pool"], field="pool").pk
        documents = manifests.documents(found, plan_of(found), **asked)
        return Response(cluster_shapes.Documents({"manifests": documents}).data)
