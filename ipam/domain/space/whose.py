"""Whose the space in the way is, in words: by name for who may see that, else that it is another's."""

from ipam.domain.core import access
from ipam.models import AddressRange, Prefix


def prefix(held: Prefix) -> str:
    """A prefix, and its network."""
    return f"{held} of network {held.network}" if access.sees(held) else "space of another network"


def address_range(held: AddressRange) -> str:
    """A range, by its title."""
    return f"range {held.title}" if access.sees(held) else "a range that is kept for another project"
