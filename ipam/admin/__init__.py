"""Bulk editing in Django's admin, of what people edit. It shows and parses; every write is one operation of the domain.

How a page writes is in `base`, how an action does in `actions`; then one module per noun.
"""

from ipam.admin import (
    addresses,
    clusters,
    events,
    identities,
    machines,
    networks,
    partitions,
    prefixes,
    projects,
    roles,
    tokens,
    vrfs,
)

__all__ = [
    "addresses",
    "clusters",
    "events",
    "identities",
    "machines",
    "networks",
    "partitions",
    "prefixes",
    "projects",
    "roles",
    "tokens",
    "vrfs",
]
