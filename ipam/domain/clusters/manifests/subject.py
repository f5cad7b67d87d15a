"""What all documents are about, and how values are written in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netaddr import IPAddress as Address

from ipam.addressing import Family
from ipam.domain.clusters.plan import Plan, Ranges


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A cluster as its documents know it. `externals` are the networks that its firewalls join besides its own;
    `pool` is what load balancers may give out."""

    name: str
    is_reserved: bool
    project: str
    partition: str
    network: str
    externals: Sequence[str]
    pool: Sequence[Address]
    plan: Plan

    @property
    def families(self) -> Sequence[Family]:
        """The primary first."""
        return self.plan.families


def joined(ranges: Ranges) -> str:
    """The ranges as components take them in one argument, the primary first."""
    return ",".join(str(cidr) for cidr in ranges.values())


def items(values: Iterable[object], indent: int) -> str:
    """A list of YAML, one value a line; quoted, for IPv6 may look like something else."""
    return "".join(f'{" " * indent}- "{value}"\n' for value in values).rstrip("\n")


def masks(plan: Plan) -> list[tuple[str, int]]:
    """The node masks as `node-cidr-mask-size…` flags of the controller-manager.

    The flag without a family is for one family only and refused with two, so each is named by its family.
    """
    return [(f"node-cidr-mask-size-{family.key}", plan.node_mask[family]) for family in plan.families]
