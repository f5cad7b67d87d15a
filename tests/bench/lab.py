"""A cloud as small as the mini-lab, except that each of its lists fills one page; its rows come first in every list.

The same rows alone and beside a million others: what a page then costs more is what the others cost.
"""

from uuid import UUID

from ipam.domain.networks import addresses, machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Prefix
from tests.bench import cast
from tests.builders import IPV4, IPV6, child, cidrs, super_network

_ROWS = 55  # of each kind; a page shows 50
_SITE = "00-bench-site"


def furnish() -> None:
    """Partitions, projects, external networks with addresses, a super network with children, and machines."""
    for number in range(_ROWS):
        partitions.create(id=f"{_SITE}-{number:02}")
        projects.create(id=UUID(int=number + 1), name=f"00 bench {number:02}")
    for _ in range(_ROWS):
        cast.fill(cast.network(IPV4, IPV6), 60)
    site, project = partitions.create(id=_SITE), cast.project()
    prefixes = cidrs("1.200.0.0/16", "fd00:200::/48")
    lengths = {IPV4: 26, IPV6: 64}
    parent = networks.create(
        super_network(
            id="00-bench-super", vrf=210_000, partition=site, prefixes=prefixes, default_child_prefix_length=lengths
        )
    )
    outside = Network.objects.get(pk="00-bench-00")
    for number in range(_ROWS):
        home = networks.create(child(parent=parent, project=project, name=f"00-bench-child-{number:02}"))
        machine = machines.allocate(
            id=f"00-bench-machine-{number:02}",
            name=f"00-bench-machine-{number:02}",
            project=project,
            partition=site,
            networks=[Attachment(network=home), Attachment(network=outside)],
        )
        addresses.allocate(home, project=project, machine=machine, name=f"00-bench-service-{number:02}")


def samples() -> dict[str, list[str]]:
    """For each first word of a URL, the ids that its pages are asked for."""
    outside = Network.objects.get(pk="00-bench-00")
    home = Network.objects.filter(parent="00-bench-super").order_by("name")[0]
    prefixes = Prefix.objects.filter(network__in=[outside.pk, "00-bench-super"], family=IPV6).order_by("pk")
    address = IPAddress.objects.filter(network=outside, machine=None).order_by("address")[0]
    return {
        "networks": [outside.pk, "00-bench-super", home.pk],
        "prefixes": [str(prefix.pk) for prefix in prefixes],
        "ips": [str(address.pk)],
        "allocations": [str(address.allocation)],
        "addresses": [str(address.pk)],
        "machines": [Machine.objects.order_by("id")[0].pk],
        "partitions": [_SITE],
        "projects": [str(cast.project().pk)],
        "vrfs": [str(outside.vrf_id)],
    }
