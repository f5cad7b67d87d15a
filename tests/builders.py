"""Short ways to say what a test is about; everything not named is what most tests want."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection
from netaddr import IPAddress, IPNetwork

from ipam.addressing import Family
from ipam.domain.clusters.plan import NewCluster, Plan
from ipam.domain.networks.network_fields import NewNetwork
from ipam.errors import IpamError
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.base import Described
from ipam.models.guards import ID_ONCE
from ipam.values import parse_address, parse_cidr

IPV4, IPV6 = Family.IPV4, Family.IPV6


def ip(text: str) -> IPAddress:
    return parse_address(text)


def cidrs(*texts: str) -> list[IPNetwork]:
    return [parse_cidr(text) for text in texts]


def super_network(**changes: Any) -> NewNetwork:
    fields: dict[str, Any] = {
        "type": "super",
        "id": "tenants",
        "prefixes": cidrs("10.0.0.0/16", "2001:db8:0:10::/64"),
        "default_child_prefix_length": {IPV4: 22, IPV6: 96},
    }
    return NewNetwork(**fields | changes)


def external(**changes: Any) -> NewNetwork:
    fields: dict[str, Any] = {
        "type": "external",
        "id": "internet",
        "vrf": 104009,
        "prefixes": cidrs("203.0.113.128/25", "2001:db8:0:113::/64"),
        "destination_prefixes": cidrs("0.0.0.0/0", "::/0"),
    }
    return NewNetwork(**fields | changes)


def underlay_network(**changes: Any) -> NewNetwork:
    return NewNetwork(**{"type": "underlay", "id": "underlay", "prefixes": cidrs("10.1.0.0/24")} | changes)


def namespaced(**changes: Any) -> NewNetwork:
    """A super network whose space starts again for each project: 100.64.0.0/24 in /26s, 2001:db8:64::/62 in /64s."""
    fields: dict[str, Any] = {
        "type": "super-namespaced",
        "id": "clusters",
        "prefixes": cidrs("100.64.0.0/24", "2001:db8:64::/62"),
        "default_child_prefix_length": {IPV4: 26, IPV6: 64},
    }
    return NewNetwork(**fields | changes)


def child(**changes: Any) -> NewNetwork:
    return NewNetwork(**{"type": "child"} | changes)


def prefixes_of(network: Network) -> list[str]:
    return [str(prefix) for prefix in network.prefixes.in_order()]


def free_blocks(subject: Network | Prefix) -> list[str]:
    """The free space of a network or prefix as text, IPv4 first, lowest first."""
    return [str(free) for free in FreeBlock.objects.filter(**{subject._meta.model_name: subject}).order_by("first")]


def codes(refusal: IpamError) -> list[str]:
    """The codes of all broken rules that were reported together."""
    return [error.code for error in refusal.errors]


def families(*texts: str) -> dict[Family, IPNetwork]:
    """CIDRs by their family."""
    return {Family.of(cidr): cidr for cidr in cidrs(*texts)}


def cluster_plan(**changes: Any) -> Plan:
    """The worked example: metal-stack's defaults on mini-lab networks, dual-stack, IPv4 first."""
    fields: dict[str, Any] = {
        "platform": "gardener",
        "kubernetes_version": "1.35",
        "families": (IPV4, IPV6),
        "nodes": families("10.0.0.0/22", "2001:db8:0:10::/96"),
        "pods": families("10.240.0.0/13", "fd00:10:240::/52"),
        "services": families("10.248.0.0/18", "fd00:10:248::/112"),
        "node_mask": {IPV4: 23, IPV6: 64},
        "max_pods": 250,
        "announcable": cidrs("10.240.0.0/12", "fd00:10:240::/44"),
    }
    return Plan(**fields | changes)


def worked_example(**changes: Any) -> NewCluster:
    """What one asks for to get the worked example; `project` and `network` are the test's."""
    plan = cluster_plan()
    fields = {name: getattr(plan, name) for name in ("pods", "services", "node_mask", "max_pods", "families")}
    return NewCluster(**{"name": "web", **fields} | changes)


def set_older_labels(record: Described, labels: dict[str, str]) -> None:
    """Give a record labels that could not be given today."""
    with connection.cursor() as cursor:
        key = record._meta.pk.get_db_prep_value(record.pk, connection)
        sql = f"UPDATE {record._meta.db_table} SET labels = %s WHERE id = %s"
        cursor.execute(sql, [json.dumps(labels), key])


@contextmanager
def losing_a_race(table: str) -> Iterator[None]:
    """Another request takes the id of each row that is inserted into this table inside."""

    def lose(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(f'INSERT INTO "{table}"'):
            raise IntegrityError(ID_ONCE)
        return execute(sql, *rest)

    with connection.execute_wrapper(lose):
        yield
