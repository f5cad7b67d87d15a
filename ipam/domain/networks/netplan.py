"""What a machine's operating system needs to know of its addresses, as text to copy."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


def netplan(networks: Iterable[Mapping[str, Any]]) -> str:
    """A netplan document: every address of the machine on its loopback, as routed fabrics such as metal-stack's want.

    `networks` are mappings with `addresses`. Both families, IPv4 first; host routes come from BGP.
    """
    addresses = [f"{one}/{one.address_family.bits}" for network in networks for one in network["addresses"]]
    document = {"network": {"version": 2, "ethernets": {"lo": {"addresses": addresses}}}}
    return yaml.safe_dump(document, sort_keys=False, width=120)
