"""Which door a request comes through, and that it acts for nobody else."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ipam import errors
from ipam.domain.networks import partitions
from ipam.models import Event
from webui.middleware import Acting


def create_partition(request: HttpRequest) -> HttpResponse:
    partitions.create(id="fra")
    return HttpResponse()


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/", "dashboard"),
        ("/networks/admin/", "dashboard"),
        ("/apis/", "dashboard"),
        ("/admin/ipam/partition/add/", "admin"),
        ("/api/v1/partitions/", "api"),
    ],
)
def test_door_of_a_path(path: str, door: str, operator: User) -> None:
    request = RequestFactory().post(path)
    request.user = operator
    Acting(create_partition)(request)
    assert Event.objects.values_list("door", "actor").get() == (door, "operator")


def test_nobody_may_do_nothing(db: None) -> None:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    with pytest.raises(errors.PermissionDenied):
        Acting(create_partition)(request)
    assert not Event.objects.exists()


def test_after_a_request_nobody_acts_for_it(operator: User) -> None:
    request = RequestFactory().post("/")
    request.user = operator
    Acting(create_partition)(request)
    partitions.create(id="muc")
    assert Event.objects.latest("id").door == "command"
