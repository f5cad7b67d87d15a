"""Acquiring an address costs the same however full the prefix is."""

from collections.abc import Iterator

from ipam.domain import addresses
from ipam.models import Network
from tests.bench import cast, scratch
from tests.bench.table import Row, at_most
from tests.bench.timing import Act, compare
from tests.builders import IPV4

_USED = 60_000
_FULL, _GIVEN_BACK = 65_000, 13  # every 13th of 65,000 leaves 60,000


def rows() -> Iterator[Row]:
    fresh, full, perforated = (cast.network(IPV4) for _ in range(3))
    cast.fill(full, _USED)
    cast.fill(perforated, _FULL)
    cast.perforate(perforated, _GIVEN_BACK)
    scratch.settle()
    what = "acquire one address of a /16: 60,000 used over 0 used"
    yield Row(what, compare(_take(full), _take(fresh)), at_most(1.2))
    yield Row(f"{what}, its free space in 5,000 holes", compare(_take(perforated), _take(fresh)), at_most(1.2))


def _take(network: Network) -> Act:
    project = cast.project()
    return lambda: addresses.allocate(network, project=project)
