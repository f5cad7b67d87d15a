"""Rules of networks, their prefixes and VRFs."""

from ipam.errors.base import IpamError


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


class NotResizable(IpamError):
    code, title = "not_resizable", "The prefix cannot become this one"


class HasRanges(IpamError):
    code, title = "has_ranges", "Ranges are in the way"


class NoSibling(IpamError):
    code, title = "no_sibling", "There is nothing to merge with"


class LastPrefix(IpamError):
    code, title = "last_prefix", "The last prefix of a network stays"


class AnnouncableCidrNeedsForce(IpamError):
    code, title = "announcable_cidr_needs_force", "Removing an announcable CIDR needs force"
