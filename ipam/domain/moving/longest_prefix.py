"""Values by prefix, found by the longest prefix that holds an address."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family

T = TypeVar("T")


class LongestPrefix(Generic[T]):
    """Values by prefix; an address is looked up once per prefix length that there is."""

    def __init__(self, values: Mapping[IPNetwork, T]) -> None:
        self._values = {(cidr.version, cidr.first, cidr.prefixlen): value for cidr, value in values.items()}
        self._lengths = {
            family: sorted({length for version, _, length in self._values if version == family}, reverse=True)
            for family in Family
        }

    def holding(self, address: Address) -> T | None:
        """The value of the longest prefix that holds the address."""
        family = Family.of(address)
        for length in self._lengths[family]:
            shift = family.bits - length
            if (found := self._values.get((family, address.value >> shift << shift, length))) is not None:
                return found
        return None
