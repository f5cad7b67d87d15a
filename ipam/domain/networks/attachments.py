"""The networks that machines are in, with what is told of them: for thousands of machines without a model of each."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from ipam.models import IPAddress, Machine, MachineNetwork, Prefix
from ipam.models.networks import CHILD_TYPES

_TOLD = ("network_id", "network__type", "network__vrf_id", "network__nat_type", "network__destination_prefixes")


class Joined(NamedTuple):
    """A network that a machine is in; `ips` are the machine's own there, lowest first."""

    network: str
    type: str
    vrf: int | None
    nat_type: str
    destination_prefixes: list[str]
    asn: int
    prefixes: list[str]
    ips: list[str]

    @property
    def private(self) -> bool:
        return self.type in CHILD_TYPES


def of_machines(machines: Collection[Machine]) -> dict[str, list[Joined]]:
    """The networks of each machine, by its id, in their places; three statements however many machines."""
    asns = {machine.pk: machine.asn for machine in machines}
    rows = list(
        MachineNetwork.objects.filter(machine__pk__one_of=asns).order_by("position").values_list("machine_id", *_TOLD)
    )
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for machine, network, _, text in IPAddress.objects.with_holders(asns):
        held[machine, network].append(text)
    prefixes = Prefix.objects.texts_of({network for _, network, *_ in rows})
    found: dict[str, list[Joined]] = {key: [] for key in asns}
    for machine, network, *told in rows:
        more = asns[machine], prefixes[network], held[machine, network]
        found[machine].append(Joined._make((network, *told, *more)))
    return found


def of_known(machine: Machine) -> list[Joined]:
    """The same of one machine whose attachments, `held` addresses and networks' prefixes are fetched already."""
    return [
        Joined(
            network.pk,
            network.type,
            network.vrf_id,
            network.nat_type,
            network.destination_prefixes,
            machine.asn,
            [str(prefix) for prefix in network.prefixes.all()],
            [str(one) for one in sorted(held.address for held in machine.held if held.network_id == network.pk)],
        )
        for network in (attachment.network for attachment in machine.attachments.all())
    ]
