"""What a machine's operating system needs to know of its addresses, as text to copy."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


def netplan(networks: Iterable[Mapping[str, Any]]) -> str:
    """A netplan document: every address of the machine on its loopback, as routed fabrics such as metal-stack's want.

    `networks` are mappings with `addresses`, which know their prefixes. Both families, IPv4 first. Host routes come
    from BGP, so gateways are told in comments.
    """
    held = [one for network in networks for one in network["addresses"]]
    addresses = [f"{one}/{one.address_family.bits}" for one in held]
    gateways = {f"# The gateway of {one.prefix} is {one.prefix.gateway}.\n": None for one in held if one.prefix.gateway}
    document = {"network": {"version": 2, "ethernets": {"lo": {"addresses": addresses}}}}
    return "".join(gateways) + yaml.safe_dump(document, sort_keys=False, width=120)
