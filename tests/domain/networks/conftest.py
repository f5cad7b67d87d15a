"""What several tests of networks begin with."""

from ipam.domain.networks import networks
from ipam.models import Network
from tests.builders import IPV4, IPV6, cidrs, super_network
from tests.shared import shared_fixture


@shared_fixture
def tiny() -> Network:
    """A super network with room for four IPv4 and two IPv6 children."""
    return networks.create(
        super_network(
            id="tiny",
            prefixes=cidrs("10.9.0.0/24", "2001:db8:9::/63"),
            default_child_prefix_length={IPV4: 26, IPV6: 64},
        )
    )
