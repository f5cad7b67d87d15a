"""Acquiring a child prefix costs the same however many children there are."""

from collections.abc import Iterator
from functools import partial

from django.db import connection, transaction
from netaddr import IPAddress as Address

from ipam.domain.health import rebuilding
from ipam.domain.networks import networks
from ipam.domain.space import carving, free_rows, prefix_map
from ipam.domain.space.free_rows import Part
from ipam.models import Network, Prefix
from tests.bench import cast, scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import Act, compare
from tests.builders import IPV6, child, cidrs, super_network

_CHILDREN = 100_000
_HOLE = 4  # every fourth /64 of the crowded super network was given back, so that the best fit is among many
_BATCH = 5_000  # rows

# A prefix of a child has a free block for each of its 64 lengths; those of one child serve as the pattern for all.
_OPEN_CHILDREN = """
    INSERT INTO ipam_freeblock (network_id, prefix_id, family, first, length)
    SELECT child.network_id, child.id, free.family,
           CAST(substr(child.first, 1, 9) || substr(free.first, 10) AS {blob}), free.length
    FROM ipam_prefix AS child, ipam_freeblock AS free
    WHERE child.parent_id = %s AND free.network_id = %s AND child.network_id <> free.network_id
    ORDER BY child.id
"""


def rows() -> Iterator[Row]:
    empty, full = _super_network("fd00::/32"), _super_network("fd01::/32")
    _fill(full)
    scratch.settle()
    yield Row(
        "acquire one /64 out of a /32: 100,000 children over 0", compare(_carve(full), _carve(empty)), at_most(1.2)
    )
    yield Row("create a child network with a /64: 100,000 children over 0", compare(_create(full), _create(empty)))
    yield Row(
        "create and remove a child network with a /64: 100,000 children, 33,333 holes over 0",
        compare(_create_and_remove(full), _create_and_remove(empty)),
        at_most(1.2),
    )
    maps = [
        partial(prefix_map.of_prefix, network.prefixes.select_related("network").get()) for network in (full, empty)
    ]
    yield Row("map of a /32, without its page: 100,000 children over 0", compare(*maps, calls=5))
    client = browser()
    pages = [partial(client.get, f"/networks/{network.pk}/map/") for network in (full, empty)]
    yield Row("page of the map of a /32: 100,000 children over 0", compare(*pages, calls=5), at_most(1.5))


def _super_network(prefix: str) -> Network:
    number = Network.objects.count()
    lengths = {IPV6: 64}
    return networks.create(
        super_network(id=f"super-{number}", vrf=number + 1, prefixes=cidrs(prefix), default_child_prefix_length=lengths)
    )


def _fill(parent: Network) -> None:
    """Store children in bulk, each as `networks.create` would, and derive what they leave free."""
    pattern = networks.create(child(parent=parent, project=cast.project()))
    whole, size = parent.prefixes.get(), 1 << 64
    numbers = [number for number in range(1, _CHILDREN * _HOLE // (_HOLE - 1) + 1) if number % _HOLE]
    children = [_child(pattern, number) for number in numbers]
    firsts = [whole.first.value + number * size for number in numbers]
    prefixes = [
        Prefix(network=network, parent=whole, family=6, first=Address(first), last=Address(first + size - 1), length=64)
        for network, first in zip(children, firsts, strict=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        Network.objects.bulk_create(children, batch_size=_BATCH)
        Prefix.objects.bulk_create(prefixes, batch_size=_BATCH)
        blob = "bytea" if connection.vendor == "postgresql" else "blob"
        cursor.execute(_OPEN_CHILDREN.format(blob=blob), [whole.pk, pattern.pk])
    rebuilding.rebuild_prefix(whole.pk)


def _child(pattern: Network, number: int) -> Network:
    return Network(
        id=f"child-{number:06}",
        type=pattern.type,
        stack=pattern.stack,
        project_id=pattern.project_id,
        parent_id=pattern.parent_id,
        vrf_id=pattern.vrf_id,
    )


def _carve(parent: Network) -> Act:
    """The engine alone, without the network that the prefix is for: its constant costs would hide a difference."""

    def carve() -> None:
        with transaction.atomic():
            (carved,) = carving.acquire(parent, {IPV6: 64}).values()
            free_rows.store(Part(parent.pk, carved.prefix_id, None, left) for left in carved.left)

    return carve


def _create(parent: Network) -> Act:
    project = cast.project()
    return lambda: networks.create(child(parent=parent, project=project))


def _create_and_remove(parent: Network) -> Act:
    create = _create(parent)
    return lambda: networks.delete(create())
