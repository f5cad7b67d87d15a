"""Networks as metal-api shows them."""

from collections.abc import Iterable, Mapping, Sequence

from ipam.addressing import Family
from ipam.compat.metal_api import usage
from ipam.compat.metal_api.requests import Body
from ipam.domain.moving.metal_stack.entries import NAT_TYPES
from ipam.models import Network, Prefix
from ipam.models.networks import NatType

_NAT = {ours: theirs for theirs, ours in NAT_TYPES.items()}


def one(network: Network) -> Body:
    """A network as metal-api shows it."""
    return shown(Network.objects.filter(pk=network.pk))[0]


def shown(networks: Iterable[Network]) -> list[Body]:
    """Networks as metal-api shows them; five statements however many."""
    found = list(networks)
    rows = Prefix.objects.rows_of([network.pk for network in found])
    uses = usage.of_networks(found, rows)
    return [_shown(network, [str(row) for row in rows[network.pk]], uses[network.pk]) for network in found]


def _shown(network: Network, prefixes: Sequence[str], uses: Mapping[Family, usage.Usage]) -> Body:
    by_family = {family.key: uses[family].shown() for family in sorted(uses)}
    return {
        "id": network.pk,
        "name": network.name,
        "description": network.description,
        "labels": network.labels,
        "partitionid": network.partition_id or "",
        "projectid": str(network.project_id or ""),
        "parentnetworkid": network.parent_id or "",
        "networktype": network.type,
        "nattype": _NAT[NatType(network.nat_type)],
        "nat": network.nat_type != NatType.NONE,
        "privatesuper": network.is_super,
        "underlay": network.is_underlay,
        "shared": network.is_shared_child,
        "vrf": network.vrf_id or 0,
        "vrfshared": network.vrf_shared,
        "prefixes": list(prefixes),
        "destinationprefixes": network.destination_prefixes,
        "defaultchildprefixlength": _by_label(network.default_child_prefix_length),
        "additionalAnnouncableCIDRs": network.additional_announcable_cidrs,
        "created": network.created_at,
        "changed": network.updated_at,
        "consumption": by_family,
        "usage": next(iter(by_family.values()), usage.Usage().shown()),
    }


def _by_label(lengths: Mapping[Family, int]) -> dict[str, int]:
    return {family.label: length for family, length in lengths.items()}
