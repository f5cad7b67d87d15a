"""What has to be true of addresses, of what one allocation took, of VRFs, and of quotas."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from ipam.domain.core.checks import Finding, Remedy, check, same
from ipam.domain.networks import quota_limits
from ipam.models import VRF, AddressHolder, IPAddress, MachineNetwork, Quota


@check
def violations_of_addresses() -> Iterator[Finding]:
    """An address lies in its prefix and says the same network, namespace and family; its machine is in its network."""
    addresses = IPAddress.objects.select_related("prefix").order_by("address")
    outside = Q(address__lt=F("prefix__first")) | Q(address__gt=F("prefix__last"))
    for address in addresses.filter(outside).iterator():
        yield Finding(f"{address}: it does not lie in {address.prefix}, which it was taken from.")
    agrees = same("network", "prefix__network") & same("namespace", "prefix__namespace")
    for address in addresses.exclude(agrees).iterator():
        yield Finding(f"{address}: its network or namespace is not that of {address.prefix}, which it was taken from.")
    joined = Exists(MachineNetwork.objects.filter(machine=OuterRef("machine"), network=OuterRef("network")))
    for address in addresses.exclude(machine=None).exclude(joined).iterator():
        yield Finding(f"{address}: machine {address.machine_id} holds it, but is not in network {address.network_id}.")
    yield from _violations_of_holders()


def _violations_of_holders() -> Iterator[Finding]:
    """Whoever shares an address is in its network, beside a first machine that is another."""
    rows = AddressHolder.objects.select_related("address").order_by("pk")
    joined = MachineNetwork.objects.filter(machine=OuterRef("machine"), network=OuterRef("address__network"))
    for row in rows.exclude(Exists(joined)).iterator():
        yield Finding(
            f"{row.address}: machine {row.machine_id} shares it, but is not in network {row.address.network_id}."
        )
    for row in rows.filter(Q(address__machine=None) | Q(address__machine=F("machine"))).iterator():
        yield Finding(f"{row.address}: machine {row.machine_id} shares it with no other first machine.")


@check
def violations_of_allocations() -> Iterator[Finding]:
    """What one allocation took is of one network and one project."""
    elsewhere = IPAddress.objects.filter(allocation=OuterRef("allocation"), family=6).exclude(
        network=OuterRef("network"), project=OuterRef("project")
    )
    for address in IPAddress.objects.filter(Exists(elsewhere), family=4).order_by("address").iterator():
        yield Finding(
            f"{address}: its IPv6 counterpart in allocation {address.allocation} is of another network or project."
        )


@check
def violations_of_vrfs() -> Iterator[Finding]:
    """A VRF was made by hand, or a network is in it."""
    for vrf in VRF.objects.filter(kept=False, networks=None).order_by("pk"):
        yield Finding(f"VRF {vrf}: no network is in it, and nobody made it by hand. Delete it.")


@check
def violations_of_quotas() -> Iterator[Finding]:
    """A quota counts what is there."""
    remedy = Remedy("what quotas count", quota_limits.count_again)
    quotas = list(Quota.objects.select_related("project", "network").order_by("pk"))
    there = quota_limits.count_all(quotas)
    for quota in quotas:
        if quota.used != there[quota.pk]:
            yield Finding(
                f"The quota of {quota.project} of {quota} counts {quota.used:,}, but {there[quota.pk]:,} are there.",
                remedy,
            )
