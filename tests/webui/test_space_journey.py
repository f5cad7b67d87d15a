"""What an operator does with space that lives, without leaving the dashboard (space.md), one step after the other."""

from typing import Any

from django.test import Client

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, machines, networks, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, IPAddress, Network, Partition, Prefix, Project
from tests.builders import IPV6, child, cidrs, external, prefixes_of, super_network


def _done(web: Client, url: str, **fields: Any) -> None:
    answer = web.post(url, fields)
    assert answer.status_code == 302, dict(answer.context["form"].errors)


def _refusal(web: Client, url: str, **fields: Any) -> str:
    answer = web.post(url, fields)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _root(id: str, *prefixes: str, vrf: int) -> Network:
    return networks.create(external(id=id, vrf=vrf, prefixes=cidrs(*prefixes), destination_prefixes=()))


def _edit(web: Client, network: Network, **fields: Any) -> None:
    page = web.get(f"/networks/{network.pk}/edit/").context["form"]
    known = {name: page[name].value() for name in page.fields}
    given = {name: value for name, value in {**known, **fields}.items() if value not in (None, False)}
    _done(web, f"/networks/{network.pk}/edit/", **given)


def test_space_lives(web: Client, project: Project, partition: Partition, tenants: Network) -> None:
    crew = projects.create(name="crew")
    net = _root("net", "10.80.0.0/27", vrf=9)

    # gateways in front, a DHCP pool in the middle, both in the map and in “exhausted”
    _done(web, "/networks/net/ranges/new/", first="10.80.0.0", last="10.80.0.9", use="by-name")
    _done(web, "/networks/net/ranges/new/", first="10.80.0.16", last="10.80.0.23", use="dhcp")
    assert web.get("/networks/net/ranges/").content.decode().count("DHCP") > 0
    assert "reserved" in web.get("/networks/net/map/").content.decode()
    taking = {"project": "alice", "families": "ipv4", "type": "static"}
    assert "reserved by range" in _refusal(web, "/networks/net/allocate/", **taking, count="99")

    # a provider's /30 whose four addresses are all in use
    _root("provider", "192.0.2.4/30", vrf=10)
    edge = Prefix.objects.get(network="provider")
    _done(web, f"/prefixes/{edge.pk}/edit/", gives_ends="on")
    _done(web, "/networks/provider/allocate/", **taking, count="4")

    # a crowded prefix grows, and is split in place
    _done(web, "/networks/net/allocate/", **taking, count="13")
    change = {"cidr": "10.80.0.0/27", "change": "resize", "wanted": "10.80.0.0/26", "confirmed": "1"}
    _done(web, "/networks/net/prefixes/change/", **change)
    change = {"cidr": "10.80.0.0/26", "change": "split", "length": "27", "confirmed": "1"}
    _done(web, "/networks/net/prefixes/change/", **change)
    _done(web, "/networks/net/allocate/", **taking, count="20")
    assert prefixes_of(net) == ["10.80.0.0/27", "10.80.0.32/27"]

    # released addresses rest for a day; their project takes one back at once, others are told until when
    _edit(web, net, quarantine_ipv4="24")
    held = IPAddress.objects.filter(network=net).order_by("address")[0]
    _done(web, f"/allocations/{held.allocation}/release/")
    named = {"type": "static", "count": "1", "ip": str(held), "families": "ipv4"}
    assert "until" in _refusal(web, "/networks/net/allocate/", **named, project="crew")
    _done(web, "/networks/net/allocate/", **named, project="alice")

    # one VIP on three machines
    home = networks.create(child(parent=tenants, project=project))
    joined = [Attachment(network=home), Attachment(network=net, auto=False)]
    for id in ("m1", "m2", "m3"):
        machines.allocate(id=id, project=project, partition=partition, networks=joined)
    _done(web, "/networks/net/allocate/", **taking, count="1", shared="vip", name="api")
    vip = IPAddress.objects.get(shared="vip")
    for id in ("m1", "m2", "m3"):
        _done(web, f"/addresses/{vip.pk}/attach/", machine=id)
    assert IPAddress.objects.get(pk=vip.pk).machine_ids == ["m1", "m2", "m3"]

    # sixteen sparse /56s at once, one of which goes to another project with what lives there
    pool = networks.create(
        super_network(id="pool", partition=None, prefixes=cidrs("2001:db8:9::/48"), stack="ipv6",
                      default_child_prefix_length={IPV6: 56})
    )  # fmt: skip
    _edit(web, pool, child_choice="sparse")
    _done(web, "/networks/pool/carve/", project="alice", type="child", count="16", name="site", families="ipv6")
    first, *others = Network.objects.filter(parent="pool")
    assert len(others) == 15
    addresses.allocate(first, project=project, families=[IPV6])
    _done(web, f"/networks/{first.pk}/move/", project="crew", vrf=str(first.vrf_id))
    assert IPAddress.objects.get(network=first).project == crew

    assert [one.sentence for one in doctor.examine()] == []
    assert Event.objects.filter(verb="move", kind="network").count() == 1
