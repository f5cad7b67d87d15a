"""What an object looks like in the change history, and what differs between two looks."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from ipam.addressing import Address
from ipam.models import (
    VRF,
    AddressRange,
    Alert,
    AlertRule,
    ApiToken,
    Claim,
    Cluster,
    IPAddress,
    Machine,
    Network,
    Partition,
    Project,
    Quota,
    RoleBinding,
    Webhook,
)
from ipam.models.events import Kind

State = Mapping[str, Any]  # the fields of an object, as JSON has them
Changes = dict[str, list[Any]]  # {field: [before, after]}

_SHOWN: dict[type[Model], tuple[Kind, tuple[str, ...]]] = {
    Partition: (Kind.PARTITION, (*Partition.texts, "labels")),
    Project: (Kind.PROJECT, (*Project.texts, "labels")),
    VRF: (Kind.VRF, (*VRF.texts, "labels")),
    ApiToken: (Kind.TOKEN, ("name", "is_read_only", "projects", "networks", "expires_at")),
    RoleBinding: (Kind.MEMBER, ("role", "project_id")),
    Webhook: (
        Kind.WEBHOOK,
        (
            "name",
            "shown_url",
            "types",
            "network_id",
            "project_id",
            "partition_id",
            "label",
            "enabled",
            "disabled_reason",
        ),
    ),
    Machine: (Kind.MACHINE, (*Machine.texts, "labels", "project_id", "partition_id", "role", "asn")),
    Claim: (Kind.CLAIM, ("name", "labels", "project_id", "network_id", "allocation", "child_id")),
    AddressRange: (
        Kind.RANGE,
        (*AddressRange.texts, "labels", "network_id", "first", "last", "use", "project_id"),
    ),
    Quota: (Kind.QUOTA, ("project_id", "network_id", "family", "resource", "limit")),
    Cluster: (
        Kind.CLUSTER,
        (
            *(*Cluster.texts, "labels"),
            *("project_id", "network_id", "state", "platform", "kubernetes_version", "families", "node_mask"),
            *("max_pods", "wanted_nodes", "native_routing", "ipam", "max_surge", "gardener_project"),
            *("gardener_version", "is_seed", "seed_id", "migration_step"),
        ),
    ),
    IPAddress: (Kind.ADDRESS, (*IPAddress.texts, "labels", "tags", "type")),
    Alert: (Kind.ALERT, ("acknowledged_by", "snoozed_until", "reason")),
    AlertRule: (
        Kind.ALERT_RULE,
        ("name", "watch", "code", "family", "scope", "fire", "clear", "severity", "destinations", "enabled"),
    ),
    Network: (
        Kind.NETWORK,
        (
            *(*Network.texts, "labels"),
            *("type", "stack", "project_id", "partition_id", "namespace_id", "parent_id", "vrf_id", "vrf_shared"),
            *("nat_type", "destination_prefixes", "additional_announcable_cidrs"),
            *("default_child_prefix_length", "min_child_prefix_length", "child_choice", "cluster_ranges"),
            *("quarantine", "quarantine_strict"),
        ),
    ),
}


def kind(subject: Model) -> Kind:
    """What the history calls such an object."""
    return _SHOWN[type(subject)][0]


def of(subject: Model, **more: Any) -> State:
    """The fields of an object that history shows, in the words of the API, and `more` that is no column."""
    _, fields = _SHOWN[type(subject)]
    shown = {field.removesuffix("_id"): getattr(subject, field) for field in fields}
    return {name: _plain(value) for name, value in (shown | more).items()}


def between(before: State, after: State) -> Changes:
    """What differs; a field that is missing or empty on both sides does not."""
    pairs = {name: [before.get(name), after.get(name)] for name in dict.fromkeys([*before, *after])}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and any(pair)}


def followed(first: Changes, then: Changes) -> Changes:
    """Changes and those after them as one."""
    pairs = {name: [first.get(name, pair)[0], pair[1]] for name, pair in then.items()}
    return {name: pair for name, pair in {**first, **pairs}.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    """A value as JSON has it: ids as text, families by their key."""
    if isinstance(value, dict):
        return {getattr(key, "key", key): one for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [one if isinstance(one, str) else str(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID | Decimal | Address) else value
