"""What robots need: somebody's token, and a network with room for all of them."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.domain.networks import networks, projects
from ipam.domain.people import tokens
from ipam.models import Network
from tests.builders import cidrs, external


@pytest.fixture
def token(transactional_db: None) -> str:
    return tokens.issue(User.objects.create_superuser("robot"))


@pytest.fixture
def roomy(transactional_db: None) -> Network:
    """A dual-stack network with room for thousands of pairs."""
    prefixes = cidrs("10.32.0.0/16", "2001:db8:32::/64")
    return networks.create(external(id="roomy", prefixes=prefixes, destination_prefixes=[]))


@pytest.fixture
def pair(roomy: Network) -> dict[str, Any]:
    """The body of a request for a pair."""
    return {"network": roomy.pk, "project": str(projects.create(name="robots").pk)}
