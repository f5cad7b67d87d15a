"""What documents of metal-stack hold: rows of the kinds that tables have, each with its place in the document."""

from collections import Counter
from dataclasses import dataclass, field

from ipam.domain.files.outcomes import ParsedRow
from ipam.models.networks import NatType, NetworkType

NAT_TYPES = {"none": NatType.NONE, "ipv4-masq": NatType.IPV4_MASQUERADE}  # metal-api's words
MACHINE_TAG = "machine.metal-stack.io/id"
ASN_TAG = "machine.metal-stack.io/network.primary.asn"
REPORTED = "reported_addresses"  # of a machine: the addresses that it says it has, each with its network; no column


def type_by_flags(*, privatesuper: bool, underlay: bool, shared: bool, is_child: bool) -> str:
    """The type that older flags mean, where none is said. ValueError for flags that exclude each other."""
    if privatesuper and underlay:
        raise ValueError("privatesuper and underlay exclude each other.")
    if privatesuper or underlay:
        return NetworkType.SUPER if privatesuper else NetworkType.UNDERLAY
    if is_child:
        return NetworkType.CHILD_SHARED if shared else NetworkType.CHILD
    return NetworkType.EXTERNAL


@dataclass
class Document:
    """The entries that could be read, and, by section, those that could not; without one what is wrong with a text.

    `named` holds every entry that the text has, by section and id; None where it could not be read. The id of an
    address is that of its network with it; one that cannot be read is empty.
    `not_kept` counts, by what it is, what has no place here. `repeated` holds, by section and tag, what has that tag
    with several values.
    """

    partitions: list[ParsedRow] = field(default_factory=list)
    projects: list[ParsedRow] = field(default_factory=list)
    networks: list[ParsedRow] = field(default_factory=list)
    machines: list[ParsedRow] = field(default_factory=list)
    ips: list[ParsedRow] = field(default_factory=list)
    named: dict[tuple[str, str], ParsedRow | None] = field(default_factory=dict)
    broken: dict[str, list[ParsedRow]] = field(default_factory=dict)
    not_kept: Counter[str] = field(default_factory=Counter)
    repeated: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def may_have(self, section: str, id: str) -> bool:
        """Whether there is such an entry, be it with faults; where the id of one cannot be read, each may be meant."""
        return (section, id) in self.named or (section, "") in self.named or "" in self.broken

    def __len__(self) -> int:
        """How many entries could be read."""
        owners = len(self.partitions) + len(self.projects)
        return owners + len(self.networks) + len(self.machines) + len(self.ips)
