"""Rule 30: firewalls join several networks, and the underlay by themselves."""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.insight import loose_ends
from ipam.domain.networks import machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Machine, Network, Partition, Project
from tests.builders import child, codes


@pytest.fixture
def firewall(partition: Partition, project: Project) -> Any:
    def run(*joined: Network) -> Machine:
        attachments = [Attachment(network=network) for network in joined]
        return machines.allocate(project=project, partition=partition, networks=attachments, role="firewall")

    return run


def joined(machine: Machine) -> list[str]:
    return [attachment.network_id for attachment in machine.attachments.order_by("position")]


def test_firewall_joins_the_underlay_last_by_itself(
    firewall: Any, private: Network, internet: Network, underlay: Network
) -> None:
    assert joined(firewall(private, internet)) == [private.pk, "internet", "underlay"]


def test_firewall_has_an_ipv4_address_in_the_underlay(
    firewall: Any, private: Network, internet: Network, underlay: Network
) -> None:
    firewall(private, internet)
    assert [str(address) for address in underlay.addresses.all()] == ["10.1.0.1"]


def test_firewall_joins_no_underlay_where_there_is_none(firewall: Any, private: Network, internet: Network) -> None:
    assert joined(firewall(private, internet)) == [private.pk, "internet"]


def test_machine_joins_no_underlay(private: Network, underlay: Network, partition: Partition, project: Project) -> None:
    machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    assert joined(machine) == [private.pk]


def test_firewall_joins_several_private_networks(
    firewall: Any, private: Network, internet: Network, tenants: Network, project: Project
) -> None:
    second = networks.create(child(parent=tenants, project=project))
    shared = networks.create(child(type="child-shared", parent=tenants, project=project))
    assert joined(firewall(private, second, shared, internet)) == [private.pk, second.pk, shared.pk, "internet"]


def test_firewall_joins_at_most_one_shared_network(
    firewall: Any, internet: Network, tenants: Network, project: Project, stranger: Project
) -> None:
    shared = [networks.create(child(type="child-shared", parent=tenants, project=who)) for who in (project, stranger)]
    with pytest.raises(errors.TooManyPrivateNetworks, match="both shared"):
        firewall(*shared, internet)


def test_firewall_needs_an_external_network(firewall: Any, private: Network) -> None:
    with pytest.raises(errors.ExternalNetworkRequired):
        firewall(private)


def test_firewall_needs_a_private_network(firewall: Any, internet: Network) -> None:
    with pytest.raises(errors.PrivateNetworkRequired):
        firewall(internet)


def test_all_that_a_firewall_lacks_is_named(firewall: Any) -> None:
    with pytest.raises(errors.Several) as refusal:
        firewall()
    assert codes(refusal.value) == ["required", "external_network_required", "private_network_required"]


def test_underlay_is_not_named(firewall: Any, private: Network, internet: Network, underlay: Network) -> None:
    with pytest.raises(errors.NetworkNotUsable, match="is added to firewalls by itself"):
        firewall(private, internet, underlay)


def test_released_firewall_leaves_the_underlay(
    firewall: Any, private: Network, internet: Network, underlay: Network
) -> None:
    machines.release(firewall(private, internet))
    assert not underlay.addresses.exists()


def test_firewall_without_underlay_is_a_finding(firewall: Any, private: Network, internet: Network) -> None:
    machine = firewall(private, internet)
    (found,) = loose_ends.firewalls_projects_webhooks()
    assert (found.code, found.kind, found.object_id) == ("firewall_without_underlay", "machine", machine.pk)


def test_firewall_with_underlay_is_no_finding(
    firewall: Any, private: Network, internet: Network, underlay: Network
) -> None:
    firewall(private, internet)
    assert list(loose_ends.firewalls_projects_webhooks()) == []
