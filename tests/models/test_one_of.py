"""The lookup `one_of`: `in` for many values."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("column", ["id", "address", "allocation", "name"])
def test_one_of_finds_what_in_finds(internet: Network, project: Project, column: str) -> None:
    for name in "vpn", "mail", "dns":
        addresses.allocate(internet, project=project, name=name, families=[IPV4])
    stored = list(IPAddress.objects.all())
    wanted = {getattr(one, column) for one in stored[:2]}
    assert list(IPAddress.objects.filter(**{f"{column}__one_of": wanted})) == stored[:2]


def test_one_of_nothing_finds_nothing_without_a_statement(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    with CaptureQueriesContext(connection) as statements:
        assert not IPAddress.objects.filter(pk__one_of=[])
    assert len(statements) == 0
