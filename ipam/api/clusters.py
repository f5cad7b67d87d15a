"""Clusters and claims: each view fetches, calls one operation of the domain, renders."""

from collections import defaultdict

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import filters
from ipam.api import cluster_shapes, inputs, parameters
from ipam.api.resources import Creatable, Data, Editable, Readable, Removable, with_references
from ipam.domain.clusters import lifecycle, migration, planning
from ipam.domain.clusters.manifests import catalogue as manifests
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import lookups
from ipam.domain.networks import claims
from ipam.models import Claim, Cluster, IPAddress, Network, Project


class ClusterViews(Editable[Cluster]):
    model, output, filterset_class = Cluster, cluster_shapes.Cluster, filters.ClusterFilters
    inputs = {
        "create": cluster_shapes.NewCluster,
        "partial_update": cluster_shapes.ChangedCluster,
        "families": cluster_shapes.NewFamilies,
        "reserve": inputs.Nothing,
        "release": inputs.Nothing,
    }
    answers = {"manifests": cluster_shapes.Documents, "readiness": cluster_shapes.Readiness}
    parameters = {
        "manifests": [
            OpenApiParameter("kind", str, enum=list(manifests.KINDS), description="all of them if left out"),
            OpenApiParameter("pool", str, description="for load balancers: an external network"),
        ]
    }
    ordering_fields = {"name": "name", "id": "pk", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Cluster]:
        return Cluster.objects.with_plan()

    def context_for(self, objects: list[Cluster]) -> dict[str, object]:
        return {"plans": planning.plans(objects)}

    def make(self, data: Data) -> Cluster:
        given = {name: value for name, value in data.items() if name != "reserve"}
        return lifecycle.create(NewCluster(**with_references(given)), reserve=data.get("reserve", False))

    def change(self, found: Cluster, data: Data) -> Cluster:
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
        found = migration.readiness(planning.reload(self.found()))
        return Response(cluster_shapes.Readiness(found).data)

    @action(detail=True)
    def manifests(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, {"kind", "pool"})
        asked = {name: request.query_params.get(name, "") for name in ("kind", "pool")}
        found = planning.reload(self.found())
        documents = manifests.documents(found, planning.plan(found), **asked)
        return Response(cluster_shapes.Documents({"manifests": documents}).data)


class ClaimViews(Readable[Claim], Creatable[Claim], Removable[Claim]):
    """Addresses for controllers: the same name gets the same ones, until it is released."""

    model, output, filterset_class = Claim, cluster_shapes.Claim, filters.ClaimFilters
    inputs = {"create": cluster_shapes.NewClaim}
    parameters = {
        "release": [
            OpenApiParameter(name, str, required=True, description=text)
            for name, text in (("pool", "the network"), ("name", "of the claim"), ("owner", "the project"))
        ]
    }
    ordering_fields = {"name": "name", "id": "pk", "created_at": "created_at"}

    def context_for(self, objects: list[Claim]) -> dict[str, object]:
        held = defaultdict(list)
        keys = [claim.allocation for claim in objects]
        for address in IPAddress.objects.filter(allocation__in=keys).order_by("address"):
            held[address.allocation].append(address)
        return {"ips": held}

    def make(self, data: Data) -> Claim:
        return claims.claim(**_asked(data))

    def discard(self, found: Claim) -> None:
        claims.release(found)

    @extend_schema(operation_id="claims_release")
    def release(self, request: Request) -> Response:
        """Release by name."""
        return self.remove(lambda: claims.release(claims.get(**_asked(self.parse_query(request)))))

    def parse_query(self, request: Request) -> Data:
        names = ("pool", "name", "owner")
        given = {one: text for one in names if (text := request.query_params.get(one)) is not None}
        serializer = cluster_shapes.NewClaim(data=given)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _asked(data: Data) -> Data:
    """The arguments of a claim: `pool` is a network, `owner` a project."""
    found = lookups.get_all({"pool": (Network, data["pool"]), "owner": (Project, data["owner"])})
    return {"network": found["pool"], "project": found["owner"], "name": data["name"]}
