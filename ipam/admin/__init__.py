"""Bulk editing in Django's admin, of what people edit. It shows and parses; every write is one operation of the domain.

How a page writes is in `base`, how an action does in `actions`; then one module per noun.
"""

from ipam.admin import (
    addresses,
    alerts,
    clusters,
    events,
    identities,
    machines,
    mirrors,
    networks,
    partitions,
    prefixes,
    projects,
    quotas,
    ranges,
    roles,
    tokens,
    vrfs,
)

__all__ = [
    "addresses",
    "alerts",
    "clusters",
    "events",
    "identities",
    "machines",
    "mirrors",
    "networks",
    "partitions",
    "prefixes",
    "projects",
    "quotas",
    "ranges",
    "roles",
    "tokens",
    "vrfs",
]
