"""The vocabulary of failure: one class per broken rule, with a stable code and a sentence for people.

No HTTP here: `ipam/api/errors.py` holds the only table from an error to a status. Each `detail` says
what is wrong, why, and what to do about it.
"""

from collections.abc import Sequence

MAX_TOLD = 100  # problems that one answer names; it counts the rest


class IpamError(Exception):
    """A refusal. Nothing of the operation that raised it is kept.

    `field` names the input that it is about, in the words of the API, or is empty.
    """

    code = "invalid"
    title = "The request is not valid"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field

    @property
    def errors(self) -> Sequence["IpamError"]:
        """Every single refusal; more than one only for `Several`."""
        return (self,)


class Several(IpamError):
    """Several broken rules, reported together; it goes by the code of the first."""

    def __init__(self, errors: Sequence[IpamError]) -> None:
        first = errors[0]
        sentences = list(dict.fromkeys(error.detail for error in errors[:MAX_TOLD]))
        if (more := len(errors) - MAX_TOLD) > 0:
            sentences.append(f"And {more:,} more problems.")
        super().__init__(" ".join(sentences), field=first.field)
        self.code = first.code
        self.title = first.title
        self._errors = tuple(errors)

    @property
    def errors(self) -> Sequence[IpamError]:
        return self._errors


def raise_all(errors: Sequence[IpamError]) -> None:
    """Raise what was collected: nothing, the one error, or all of them together; `Busy` alone, as it is tried again."""
    errors = [error for error in errors if isinstance(error, Busy)][:1] or errors
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Several(errors)


# --- The request itself -------------------------------------------------------------------------
class Invalid(IpamError):
    pass


class Required(IpamError):
    code, title = "required", "A field is missing"


class ForbiddenField(IpamError):
    code, title = "forbidden_field", "A field that this does not take"


class UnknownField(IpamError):
    code, title = "unknown_field", "An unknown field"


class NotFound(IpamError):
    """`key` is the id or name of what is not there, where the sentence is about just one thing."""

    code, title = "not_found", "It does not exist"

    def __init__(self, detail: str, *, field: str = "", key: object = None) -> None:
        super().__init__(detail, field=field)
        self.key = key


class InvalidCidr(IpamError):
    code, title = "invalid_cidr", "Not a CIDR"


class PrefixNotCanonical(IpamError):
    code, title = "prefix_not_canonical", "A prefix has host bits set"


class RangeNotUsable(IpamError):
    code, title = "range_not_usable", "Space that is never used"


class ReservedId(IpamError):
    code, title = "reserved_id", "The id is a word of our own"


# --- Networks -----------------------------------------------------------------------------------
class Overlap(IpamError):
    code, title = "overlap", "Prefixes overlap"


class FamilyNotInNetwork(IpamError):
    code, title = "family_not_in_network", "The network does not have this address family"


class FamilyNotAllowed(IpamError):
    code, title = "family_not_allowed", "The network does not allow this address family"


class MissingDefaultChildPrefixLength(IpamError):
    code, title = "missing_default_child_prefix_length", "A child prefix length is missing"


class ChildPrefixLengthFamily(IpamError):
    code, title = "child_prefix_length_family", "A child prefix length for a family without prefixes"


class ChildPrefixLengthTooShort(IpamError):
    code, title = "child_prefix_length_too_short", "A child prefix must be longer than the prefix itself"


class MinChildPrefixLength(IpamError):
    code, title = "min_child_prefix_length", "Shorter than the minimum child prefix length"


class ParentNotSuper(IpamError):
    code, title = "parent_not_super", "The parent is not a super network"


class NoParentNetwork(IpamError):
    code, title = "no_parent_network", "No super network to carve from"


class AmbiguousParent(IpamError):
    code, title = "ambiguous_parent", "More than one parent"


class WrongProject(IpamError):
    code, title = "wrong_project", "It belongs to another project"


class WrongPartition(IpamError):
    code, title = "wrong_partition", "It belongs to another partition"


class OneSuperPerPartition(IpamError):
    code, title = "one_super_per_partition", "The partition already has such a network"


class OneSharedChildPerProject(IpamError):
    code, title = "one_shared_child_per_project", "The project already has a shared child network"


class VrfInherited(IpamError):
    code, title = "vrf_inherited", "The VRF is inherited from the parent"


class VrfInUse(IpamError):
    code, title = "vrf_in_use", "The VRF belongs to another network"


class VrfExhausted(IpamError):
    code, title = "vrf_exhausted", "No VRF is free"


class AsnExhausted(IpamError):
    code, title = "asn_exhausted", "No ASN is free"


class PrefixesImmutable(IpamError):
    code, title = "prefixes_immutable", "The prefixes of a child network never change"


class LastPrefix(IpamError):
    code, title = "last_prefix", "The last prefix of a network stays"


class AnnouncableCidrNeedsForce(IpamError):
    code, title = "announcable_cidr_needs_force", "Removing an announcable CIDR needs force"


# --- The state of the world -----------------------------------------------------------------------
class AlreadyExists(IpamError):
    code, title = "already_exists", "The id is taken"


class HasChildren(IpamError):
    code, title = "has_children", "Child networks are in the way"


class HasIps(IpamError):
    code, title = "has_ips", "Addresses are in the way"


class HasMachines(IpamError):
    code, title = "has_machines", "Machines are in the way"


class InUse(IpamError):
    code, title = "in_use", "It is in use"


class NotAuthenticated(IpamError):
    code, title = "not_authenticated", "We do not know who you are"


class PermissionDenied(IpamError):
    code, title = "permission_denied", "You may not do this"


class Stale(IpamError):
    code, title = "stale", "Somebody else was first"


class IdempotencyKeyReused(IpamError):
    code, title = "idempotency_key_reused", "The key belongs to another request"


# --- Addresses ------------------------------------------------------------------------------------
class AlreadyAllocated(IpamError):
    code, title = "already_allocated", "The address is taken"


class Exhausted(IpamError):
    code, title = "exhausted", "No space is left"


class NotInPrefix(IpamError):
    code, title = "not_in_prefix", "The address is outside the network"


class ReservedAddress(IpamError):
    code, title = "reserved_address", "The address is reserved"


class IpAndAddressFamily(IpamError):
    code, title = "ip_and_address_family", "Either an address or a family"


class StaticToEphemeral(IpamError):
    code, title = "static_to_ephemeral", "A static address stays static"


# --- Machines -------------------------------------------------------------------------------------
class DuplicateNetwork(IpamError):
    code, title = "duplicate_network", "A network is named twice"


class PrivateNetworkRequired(IpamError):
    code, title = "private_network_required", "A private network is missing"


class TooManyPrivateNetworks(IpamError):
    code, title = "too_many_private_networks", "Too many private networks"


class ExternalNetworkRequired(IpamError):
    code, title = "external_network_required", "An external network is missing"


class NetworkNotUsable(IpamError):
    code, title = "network_not_usable", "The network cannot be used for this"


class IpNotInNetwork(IpamError):
    code, title = "ip_not_in_network", "The address belongs to another network"


# --- Clusters -------------------------------------------------------------------------------------
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


class NodeNetworkTaken(IpamError):
    code, title = "node_network_taken", "Another cluster stands on the node network"


class WrongState(IpamError):
    code, title = "wrong_state", "Not in this state of the cluster"


class ClusterFrozen(IpamError):
    code, title = "cluster_frozen", "A reserved cluster keeps its ranges"


class MigrationNotSupported(IpamError):
    code, title = "migration_not_supported", "A running cluster cannot change its families so"


class MigrationNotReady(IpamError):
    code, title = "migration_not_ready", "The cluster is not ready to change its families"


# --- Not rules, but what the world allows at this moment -------------------------------------------
class Busy(IpamError):
    """Others held the same rows for too long; the same request may be sent again."""

    code, title = "busy", "Too busy, try again"


class TooLarge(IpamError):
    code, title = "too_large", "The request is too large"


class TimedOut(IpamError):
    code, title = "timed_out", "It took too long"


class StorageFull(IpamError):
    code, title = "storage_full", "The disk is full"


class Unavailable(IpamError):
    """The database is away; whether a write that was under way has happened is not known."""

    code, title = "unavailable", "The database does not answer"
