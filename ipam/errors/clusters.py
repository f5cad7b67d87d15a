"""Rules of clusters."""

from ipam.errors.base import IpamError


class RangeFamily(IpamError):
    code, title = "range_family", "A family that the cluster does not have"


class RangesOverlap(IpamError):
    code, title = "ranges_overlap", "Ranges of the cluster overlap"


class ServicesTooSmall(IpamError):
    code, title = "services_too_small", "The range of services is too small"


class ServicesTooLarge(IpamError):
    code, title = "services_too_large", "The range of services is too large"


class NodeMaskTooShort(IpamError):
    code, title = "node_mask_too_short", "A node's block is larger than the range of pods"


class TooManyNodeBlocks(IpamError):
    code, title = "too_many_node_blocks", "The range of pods has too many blocks for nodes"


class NodeMaskNotAllowed(IpamError):
    code, title = "node_mask_not_allowed", "A node mask that the platform refuses"


class TooManyPods(IpamError):
    code, title = "too_many_pods", "A node has fewer addresses than pods"


class TooFewNodes(IpamError):
    code, title = "too_few_nodes", "The plan has room for fewer nodes than wanted"


class RangeNotAllowed(IpamError):
    code, title = "range_not_allowed", "A range that the platform keeps for itself"


class NativeRoutingRequired(IpamError):
    code, title = "native_routing_required", "The platform routes IPv6 natively only"


class VersionNotSupported(IpamError):
    code, title = "version_not_supported", "The version cannot do this"


class NodeNetworkTaken(IpamError):
    code, title = "node_network_taken", "Another cluster stands on the node network"


class WrongState(IpamError):
    code, title = "wrong_state", "Not in this state"


class ClusterFrozen(IpamError):
    code, title = "cluster_frozen", "A reserved cluster keeps its ranges"


class MigrationNotSupported(IpamError):
    code, title = "migration_not_supported", "A running cluster cannot change its families so"


class MigrationNotReady(IpamError):
    code, title = "migration_not_ready", "The cluster is not ready to change its families"
