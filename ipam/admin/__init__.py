"""Bulk editing in Django's admin. It shows and parses; every write is one operation of `ipam.domain`.

How a page writes is in `base`, how an action does in `actions`; then one module per noun.
"""

from ipam.admin import (
    addresses,
    clusters,
    events,
    free_blocks,
    identities,
    kept_answers,
    machines,
    networks,
    number_ranges,
    partitions,
    prefixes,
    projects,
    roles,
    surveys,
    tokens,
    vrfs,
)

__all__ = [
    "addresses",
    "clusters",
    "events",
    "free_blocks",
    "identities",
    "kept_answers",
    "machines",
    "networks",
    "number_ranges",
    "partitions",
    "prefixes",
    "projects",
    "roles",
    "surveys",
    "tokens",
    "vrfs",
]
