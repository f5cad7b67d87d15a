"""Acquiring and releasing an address cost the same beside a thousand ranges; what cools costs the ordinary way."""

from collections.abc import Iterator

from netaddr import IPAddress as Address

from ipam.domain.networks import addresses, networks, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import IPAddress, Network
from tests.bench import cast, scratch
from tests.bench.table import Row, at_most
from tests.bench.timing import Act, compare
from tests.builders import IPV4

_RANGES, _USED = 1_000, 10_000


def rows() -> Iterator[Row]:
    plain, ranged, cooling = (cast.network(IPV4) for _ in range(3))
    start = ranged.prefixes.get().first
    for number in range(_RANGES):  # of every sixteen addresses the last four
        first = Address(start.value + 16 * number + 12)
        ranges.create(ranged, Bounds(first=first, last=first + 3))
    for network in (plain, ranged, cooling):
        cast.fill(network, _USED)
    networks.update(cooling, quarantine={IPV4: 24})
    scratch.settle()
    for what, do, most in (("acquire", _take, 1.3), ("release", _give_back, 1.3)):
        yield Row(
            f"{what} one address: 1,000 ranges in its prefix over none", compare(do(ranged), do(plain)), at_most(most)
        )
    yield Row("release one address: where it cools over where not", compare(_give_back(cooling), _give_back(plain)))


def _give_back(network: Network) -> Act:
    held = IPAddress.objects.filter(network=network).order_by("?").iterator()
    return lambda: addresses.release(next(held))


def _take(network: Network) -> Act:
    project = cast.project()
    return lambda: addresses.allocate(network, project=project)
