"""A document of metal-stack as large as an installation: of each site a super network, its children and machines."""

from collections.abc import Iterator
from uuid import UUID

_SITES = 4
_PROJECTS = 400


def document(*, networks: int, machines: int, addresses: int) -> str:
    """Text with exactly so many networks, machines and addresses; each tenth machine is a firewall."""
    children = networks - 3 * _SITES
    return "\n".join(
        [
            "partitions:",
            *(f"- {{id: site-{site}}}" for site in range(_SITES)),
            "projects:",
            *(f"- {{id: {_project(number)}, name: project-{number}}}" for number in range(_PROJECTS)),
            "networks:",
            *(line for site in range(_SITES) for line in _site(site)),
            *(_child(number) for number in range(children)),
            "machines:",
            *(_machine(number, number % children) for number in range(machines)),
            "ips:",
            *_addresses(addresses, machines, children),
        ]
    )


def _project(number: int) -> UUID:
    return UUID(int=number % _PROJECTS + 1)


def _site(site: int) -> Iterator[str]:
    yield (
        f"- {{id: super-{site}, privatesuper: true, partitionid: site-{site}, "
        f"prefixes: [10.{64 * site}.0.0/10, 'fd00:{site}::/40'], defaultchildprefixlength: {{IPv4: 22, IPv6: 64}}}}"
    )
    yield f"- {{id: underlay-{site}, underlay: true, partitionid: site-{site}, prefixes: [172.{16 + site}.0.0/16]}}"
    yield (
        f"- {{id: internet-{site}, partitionid: site-{site}, vrf: {200_000 + site}, nat: true, "
        f"prefixes: [11.{site}.0.0/16, 'fd01:{site}::/64'], destinationprefixes: [0.0.0.0/0, '::/0']}}"
    )


def _child(number: int) -> str:
    site, place = number % _SITES, number // _SITES
    return (
        f"- {{id: child-{number}, name: home-{number}, parentnetworkid: super-{site}, partitionid: site-{site}, "
        f"projectid: {_project(number)}, vrf: {number + 1}, labels: {{team: t{number % 7}}}, "
        f"prefixes: [10.{64 * site + place // 64}.{place % 64 * 4}.0/22, 'fd00:{site}:0:{place:x}::/64']}}"
    )


def _machine(number: int, child: int) -> str:
    asn, role = 4_210_000_001 + number, "firewall" if number % 10 == 9 else "machine"
    joined = [f"child-{child}", f"internet-{child % _SITES}", *([f"underlay-{child % _SITES}"] * (role == "firewall"))]
    return (
        f"- {{id: machine-{number}, partitionid: site-{child % _SITES}, tags: [rack=r{number % 40}], "
        f"allocation: {{name: node-{number}, hostname: node-{number}, project: {_project(child)}, role: {role}, "
        f"networks: [{', '.join(f'{{networkid: {one}, asn: {asn}}}' for one in joined)}]}}}}"
    )


def _addresses(count: int, machines: int, children: int) -> Iterator[str]:
    """Of each machine in turn one of each family in its private network, until there are so many."""
    for number in range(count):
        machine, turn = number // 2 % machines, number // 2 // machines
        child = machine % children
        site, place = child % _SITES, child // _SITES
        host = 16 + turn * (machines // children + 1) + machine // children
        ip = (
            f"'fd00:{site}:0:{place:x}::{host:x}'"
            if number % 2
            else f"10.{64 * site + place // 64}.{place % 64 * 4 + host // 256}.{host % 256}"
        )
        yield (
            f"- {{ipaddress: {ip}, networkid: child-{child}, projectid: {_project(child)}, name: node-{machine}, "
            f"type: static, tags: [machine.metal-stack.io/id=machine-{machine}], "
            f"allocationuuid: {UUID(int=number + 1, version=4)}}}"
        )
