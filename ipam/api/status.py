"""Search, and the questions that probes ask."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ipam import errors
from ipam.api import insight_shapes, parameters, shapes
from ipam.domain.networks import search
from ipam.models import guards


class SearchView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, required=True, description="an address, a CIDR, a part of one, a name, an id")
        ],
        responses={200: insight_shapes.Hits, ("default", "application/problem+json"): shapes.Problem},
    )
    def get(self, request: Request) -> Response:
        """The best hits of each kind."""
        text = request.query_params.get("q", "")
        if not text.isspace():  # blanks are told below what is missing
            parameters.refuse_unknown(request, {"q"})
        if not text.strip() or len(text) > 255:
            raise errors.Required("Say what to search for: q, 1 to 255 characters.", field="q")
        found: dict[str, list[search.Hit]] = {kind: [] for kind in search.KINDS}
        for hit in search.find(text):
            found[hit.kind].append(hit)
        return Response(insight_shapes.Hits(found).data)


class OpenView(APIView):
    """Answers everybody, without looking at who asks."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class HealthView(OpenView):
    @extend_schema(responses={200: shapes.Status}, auth=[])
    def get(self, request: Request) -> Response:
        """The process answers."""
        return Response({"status": "ok"})


class ReadyView(OpenView):
    @extend_schema(responses={200: shapes.Status, 503: shapes.Status}, auth=[])
    def get(self, request: Request) -> Response:
        """The database answers, every migration is applied, and the guards against overlap are in place."""
        problem = find_problem()
        return Response({"status": problem or "ok"}, status=503 if problem else 200)


@extend_schema(exclude=True)
class NothingHereView(OpenView):
    """Every other address: a problem in the words of the API, not a page."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound("There is nothing at this address. The API is described at /api/docs/.")


def find_problem() -> str:
    """Why requests cannot be answered; empty when they can."""
    try:
        if not _needed_migrations() <= MigrationRecorder(connection).applied_migrations().keys():
            return "migrations are missing"
        return "" if guards.are_installed(connection) else "the guards against overlap are missing"
    except DatabaseError:
        return "the database does not answer"


@cache
def _needed_migrations() -> frozenset[tuple[str, str]]:
    """App and name of every migration of this code, which is read once and not at each probe."""
    return frozenset(MigrationLoader(None).graph.nodes)
