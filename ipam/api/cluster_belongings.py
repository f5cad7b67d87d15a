"""What a cluster has beside its plan: addresses, further ranges of services, its migration, documents that are read."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam.api import cluster_belonging_shapes as shapes
from ipam.api import fields, inputs, outputs, parameters
from ipam.api.resources import Body, Resource, with_references
from ipam.domain.clusters import belongings, documented, migration_steps, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.moving import cluster_documents
from ipam.models import Cluster, IPAddress

PREFIX = OpenApiParameter("prefix", str, required=True, description="a further range of services")
ALLOCATION = OpenApiParameter("allocation", UUID, OpenApiParameter.PATH)
INPUTS: dict[str, type[inputs.Input]] = {
    "load_balancer_addresses": shapes.NewLoadBalancerAddresses,
    "api_addresses": shapes.NewApiAddresses,
    "service_cidrs": shapes.NewServices,
    "finish": shapes.FinishedStep,
    "register": shapes.RunningCluster,
    "compare": shapes.ClusterDocument,
}
ANSWERS = {
    "load_balancer_addresses": outputs.Addresses,
    "api_addresses": outputs.Addresses,
    "migration": shapes.MigrationProgress,
}


class ClusterBelongings(Resource[Cluster]):
    @action(detail=True, methods=["post"], url_path="load-balancer-addresses")
    def load_balancer_addresses(self, request: Request, pk: str) -> Response:
        data = self.parse(request)

        def take() -> list[IPAddress]:
            return belongings.take_for_load_balancers(self.found(), **with_references(data))

        return self.run(take, _shown, status=201)

    @extend_schema(parameters=[ALLOCATION])
    @action(detail=True, methods=["delete"], url_path="load-balancer-addresses/(?P<allocation>[^/.]+)")
    def give_back(self, request: Request, pk: str, allocation: str) -> Response:
        key = fields.Uuid().run_validation(allocation)
        return self.remove(lambda: belongings.give_back(self.found(), key))

    @action(detail=True, methods=["post"], url_path="api-addresses")
    def api_addresses(self, request: Request, pk: str) -> Response:
        data = self.parse(request)

        def take() -> list[IPAddress]:
            return belongings.take_for_api(self.found(), **with_references(data))

        return self.run(take, _shown, status=201)

    @action(detail=True, methods=["post"], url_path="service-cidrs")
    def service_cidrs(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(lambda: service_ranges.add(self.found(), data["services"]), status=201)

    @service_cidrs.mapping.delete
    def remove_service_cidr(self, request: Request, pk: str) -> Response:
        self.is_dry_run()
        cidr = parameters.value(request, "prefix", fields.Cidr())
        return self.remove(lambda: service_ranges.remove(self.found(), cidr))

    @action(detail=True)
    def migration(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        return Response(shapes.MigrationProgress(migration_steps.progress(self.found())).data)

    @migration.mapping.post
    def finish(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(lambda: migration_steps.finish(self.found(), data["done"]))

    @action(detail=False, methods=["post"], url_path="import")
    def register(self, request: Request) -> Response:
        data = self.parse(request)
        plan, said = cluster_documents.read(data["document"])

        def register() -> Cluster:
            named = with_references({name: data[name] for name in ("project", "network")})
            name = data.get("name") or plan.get("name", "")
            return documented.register(NewCluster(**{**plan, **named, "name": name}), said)

        return self.write(register, status=201)

    @action(detail=True, methods=["post"], url_path="document")
    def compare(self, request: Request, pk: str) -> Response:
        _, said = cluster_documents.read(self.parse(request)["document"])
        return self.write(lambda: documented.compare(self.found(), said))


def _shown(rows: list[IPAddress]) -> Body:
    """Addresses that know their prefixes."""
    return {"ips": [outputs.Address.of(row) for row in rows]}
