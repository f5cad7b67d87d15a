"""`version` and `health`, which are open: clients ask them before they sign in."""

from importlib.metadata import version

from rest_framework.request import Request
from rest_framework.response import Response

from ipam.api.status import find_problem
from ipam.compat.metal_api.requests import MetalView


class OpenView(MetalView):
    authentication_classes = ()
    permission_classes = ()


class VersionView(OpenView):
    def get(self, request: Request) -> Response:
        number = f"v{version('twofold')}"
        return Response(
            {
                "name": "metal-api",
                "version": number,
                "revision": "twofold",
                "gitsha1": "",
                "builddate": "",
                "min_client_version": "v0.0.0",
                "release_version": number,
            }
        )


class HealthView(OpenView):
    def get(self, request: Request) -> Response:
        problem = find_problem()
        status = "unhealthy" if problem else "healthy"
        return Response({"status": status, "message": problem, "services": {}}, status=503 if problem else 200)
