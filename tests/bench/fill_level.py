"""Acquiring, releasing and looking cost the same however full the prefix is, and however full of holes."""

from collections.abc import Iterator
from functools import partial

from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network
from tests.bench import cast, scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import Act, compare
from tests.builders import IPV4, IPV6

_USED, _FEW = 60_000, 60
_FULL, _GIVEN_BACK = 65_000, 13  # every 13th of 65,000 leaves 60,000
_HOLES, _BETWEEN = 30_000, 3  # every third of 30,000: 10,000 holes


def rows() -> Iterator[Row]:
    fresh, full, perforated = (cast.network(IPV4) for _ in range(3))
    cast.fill(full, _USED)
    cast.fill(perforated, _FULL)
    cast.perforate(perforated, _GIVEN_BACK)
    solid, holed = (cast.network(IPV4), cast.network(IPV4))
    cast.fill(solid, _HOLES)
    cast.fill(holed, _HOLES)
    cast.perforate(holed, _BETWEEN)
    scratch.settle()
    what = "acquire one address of a /16: 60,000 used over 0 used"
    yield Row(what, compare(_take(full), _take(fresh)), at_most(1.2))
    yield Row(f"{what}, its free space in 5,000 holes", compare(_take(perforated), _take(fresh)), at_most(1.2))
    what = "release one address: 10,000 holes in its prefix over none"
    yield Row(what, compare(_give_back(holed), _give_back(solid)), at_most(1.2))
    few, many = cast.network(IPV4, IPV6), cast.network(IPV4, IPV6)
    cast.fill(few, _FEW)
    cast.fill(many, _USED)
    scratch.settle()
    client = browser()
    for what, path in ("page of a network", "/networks/{}/"), ("its map", "/networks/{}/map/"):
        asked = (partial(client.get, path.format(one.pk)) for one in (many, few))
        yield Row(f"{what}: 60,000 pairs over 60", compare(*asked), at_most(1.5))


def _give_back(network: Network) -> Act:
    held = IPAddress.objects.filter(network=network).order_by("?").iterator()
    return lambda: addresses.release(next(held))


def _take(network: Network) -> Act:
    project = cast.project()
    return lambda: addresses.allocate(network, project=project)
