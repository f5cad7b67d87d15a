"""Rules of addresses and of the machines that hold them."""

from datetime import datetime

from ipam.errors.base import IpamError


class AlreadyAllocated(IpamError):
    code, title = "already_allocated", "The address is taken"


class Exhausted(IpamError):
    code, title = "exhausted", "No space is left"


class NotInPrefix(IpamError):
    code, title = "not_in_prefix", "The address is outside the network"


class ReservedAddress(IpamError):
    code, title = "reserved_address", "The address is reserved"


class WouldBeReserved(ReservedAddress):
    """An address that is in use, and that a change of its prefix would reserve."""


class InRange(IpamError):
    code, title = "in_range", "The space is reserved by a range"


class Cooling(IpamError):
    """It was released a short time ago; `until` says when anybody may have it."""

    code, title = "cooling", "The space is in quarantine"

    def __init__(self, detail: str, *, until: datetime, field: str = "") -> None:
        super().__init__(detail, field=field)
        self.until = until


class IpAndAddressFamily(IpamError):
    code, title = "ip_and_address_family", "Either an address or a family"


class StaticToEphemeral(IpamError):
    code, title = "static_to_ephemeral", "A static address stays static"


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
