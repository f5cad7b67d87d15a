"""What gunicorn serves to the bench: Twofold, and beside it a view that does the least that an allocation could do."""

import secrets

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
from netaddr import IPAddress as Address
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ipam.models import IPAddress, Prefix, Project
from webui.urls import urlpatterns as all_of_twofold


class Insert(APIView):
    """Authenticate and INSERT one row, with the same settings as every view of the API."""

    def post(self, request: Request, prefix: int) -> Response:
        source, owner = _known(prefix)
        address = Address(source.first.value + secrets.randbits(63))  # no two processes choose the same
        row = IPAddress.objects.create(
            address=address, family=6, network_id=source.network_id, prefix=source, project=owner
        )
        return Response({"id": row.pk, "ip": str(row)}, status=201)


_objects: dict[int, tuple[Prefix, Project]] = {}


def _known(prefix: int) -> tuple[Prefix, Project]:
    """Looked up once: the baseline is one INSERT."""
    if prefix not in _objects:
        _objects[prefix] = Prefix.objects.get(pk=prefix), Project.objects.get(name="bench")
    return _objects[prefix]


urlpatterns = [path("bench/insert/<int:prefix>/", Insert.as_view()), *all_of_twofold]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
