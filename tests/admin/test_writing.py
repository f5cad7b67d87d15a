"""What a data keeper can write in the admin, one way after the other; each ends in an operation of the domain."""

from typing import Any

from ipam.domain.networks import addresses, networks
from ipam.models import (
    VRF,
    ApiToken,
    Cluster,
    Event,
    FreeBlock,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
)
from tests.admin.keeper import Keeper, complaints, page
from tests.builders import IPV4, child, cidrs, external, free_blocks, ip, prefixes_of


def test_records_of_each_small_kind_are_made_changed_and_deleted(keeper: Keeper, db: None) -> None:
    assert complaints(keeper.add(Partition, id="fra-equ01", labels="tier=1\nprod")) == []
    assert complaints(keeper.add(Project, name="bob", tenant="acme")) == []
    assert complaints(keeper.add(VRF, id="7", name="blue")) == []
    assert Partition.objects.get().labels == {"tier": "1", "prod": ""}
    for row in (Partition.objects.get(), Project.objects.get(), VRF.objects.get()):
        assert complaints(keeper.change(row, description="changed")) == []
        row.refresh_from_db()
        assert (row.description, row.generation) == ("changed", 2)
        assert complaints(keeper.delete(row)) == []
    assert (Partition.objects.count(), Project.objects.count(), VRF.objects.count()) == (0, 0, 0)


def test_root_network_is_made_with_its_prefixes(keeper: Keeper, partition: Partition) -> None:
    rows = {"prefixes-TOTAL_FORMS": "2", "prefixes-0-cidr": "10.0.0.0/16", "prefixes-1-cidr": "2001:db8:0:10::/64"}
    lengths = {"default_child_prefix_length_ipv4": "22", "default_child_prefix_length_ipv6": "96"}
    made = keeper.add(Network, type="super", id="tenants", partition="mini-lab", **rows, **lengths)
    assert complaints(made) == []
    assert prefixes_of(Network.objects.get()) == ["10.0.0.0/16", "2001:db8:0:10::/64"]
    assert free_blocks(Network.objects.get()) == ["10.0.0.0/16", "2001:db8:0:10::/64"]


def test_child_network_is_carved(keeper: Keeper, tenants: Network, project: Project) -> None:
    made = keeper.add(Network, type="child", name="nodes", parent="tenants", project=project.pk, length_ipv6="112")
    assert complaints(made) == []
    carved = Network.objects.get(type="child")
    assert (carved.name, prefixes_of(carved)) == ("nodes", ["2001:db8:0:10::/112"])


def test_prefixes_come_and_go_with_other_changes_of_a_network(keeper: Keeper, tenants: Network) -> None:
    rows = {"prefixes-TOTAL_FORMS": "3", "prefixes-1-DELETE": "on", "prefixes-2-cidr": "10.64.0.0/16"}
    changed = keeper.change(tenants, name="Tenants", default_child_prefix_length_ipv6="", **rows)
    assert complaints(changed) == []
    tenants.refresh_from_db()
    assert (tenants.name, tenants.generation, prefixes_of(tenants)) == ("Tenants", 2, ["10.0.0.0/16", "10.64.0.0/16"])


def test_prefix_is_added_and_removed_by_itself(keeper: Keeper, internet: Network) -> None:
    assert complaints(keeper.add(Prefix, network="internet", prefixes="198.51.100.0/24")) == []
    assert "198.51.100.0/24" in prefixes_of(internet)
    added = internet.prefixes.get(length=24)
    assert complaints(keeper.delete(added)) == []
    assert prefixes_of(internet) == ["203.0.113.128/25", "2001:db8:0:113::/64"]


def test_large_network_keeps_its_prefixes_off_its_page(keeper: Keeper, internet: Network) -> None:
    more = [f"198.51.{third}.0/24" for third in range(100)]
    networks.update(internet, prefixes=[*(prefix.cidr for prefix in internet.prefixes.all()), *cidrs(*more)])
    assert complaints(keeper.change(internet, name="large")) == []
    assert internet.prefixes.count() == 102


def test_addresses_are_allocated_as_a_pair(keeper: Keeper, internet: Network, project: Project) -> None:
    assert complaints(keeper.add(IPAddress, network="internet", project=project.pk, name="vpn")) == []
    assert list(map(str, IPAddress.objects.all())) == ["203.0.113.129", "2001:db8:0:113::1"]
    assert IPAddress.objects.values("allocation").distinct().count() == 1


def test_certain_address_is_allocated(keeper: Keeper, internet: Network, project: Project) -> None:
    assert complaints(keeper.add(IPAddress, network="internet", project=project.pk, ip="203.0.113.200")) == []
    assert list(map(str, IPAddress.objects.all())) == ["203.0.113.200"]


def test_machine_is_allocated_and_released(
    keeper: Keeper, internet: Network, private: Network, project: Project
) -> None:
    fields = {"project": project.pk, "partition": "mini-lab", "networks": [private.pk, "internet"]}
    assert complaints(keeper.add(Machine, id="worker-1", **fields)) == []
    made = Machine.objects.get()
    assert (made.pk, made.addresses.count()) == ("worker-1", 4)
    assert complaints(keeper.delete(made)) == []
    assert (Machine.objects.count(), IPAddress.objects.count()) == (0, 0)


def test_address_is_released_into_free_space(keeper: Keeper, vpn: IPAddress, internet: Network) -> None:
    assert complaints(keeper.delete(vpn)) == []
    assert FreeBlock.objects.filter(network=internet, family=4).count() == 12


def test_token_is_revoked(keeper: Keeper, token: ApiToken) -> None:
    assert complaints(keeper.delete(token)) == []
    assert ApiToken.objects.count() == 0


def test_list_changes_only_the_rows_that_were_edited(keeper: Keeper, internet: Network, tenants: Network) -> None:
    saved = keeper.edit_list(Network, {internet: {"name": "Internet", "description": "a way out"}})
    assert complaints(saved) == []
    rows = Network.objects.order_by("pk").values_list("pk", "name", "description", "generation")
    assert list(rows) == [("internet", "Internet", "a way out", 2), ("tenants", "", "", 1)]


def test_labels_are_removed_and_added(keeper: Keeper, internet: Network, tenants: Network) -> None:
    networks.update(internet, labels={"tier": "1", "old": "yes", "site": "a"})
    done = keeper.act("change_labels", [internet, tenants], remove="old\nsite=b\ntier", add="tier=2")
    assert complaints(done) == []
    labels = dict(Network.objects.values_list("pk", "labels"))
    assert labels == {"internet": {"site": "a", "tier": "2"}, "tenants": {"tier": "2"}}


def test_many_are_renamed(keeper: Keeper, internet: Network, tenants: Network) -> None:
    networks.update(internet, name="Internet")
    assert complaints(keeper.act("rename", [internet, tenants], before="old ", after="!")) == []
    assert dict(Network.objects.values_list("pk", "name")) == {"internet": "old Internet!", "tenants": "old !"}
    assert complaints(keeper.act("rename", [internet, tenants], name="same")) == []
    assert dict(Network.objects.values_list("pk", "name")) == {"internet": "same", "tenants": "same"}


def test_one_address_is_made_static_by_two_hands(keeper: Keeper, internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    refused = complaints(keeper.change(one, type="static"))
    assert refused == ["for_good: A static address never becomes ephemeral again. Tick this, or leave the type."]
    assert complaints(keeper.change(one, type="static", for_good="on")) == []
    assert IPAddress.objects.values_list("type", "generation").get() == ("static", 2)


def test_addresses_are_made_static(keeper: Keeper, machine: Machine) -> None:
    held = list(machine.addresses.all())
    assert complaints(keeper.act("make_static", held)) == []
    assert set(machine.addresses.values_list("type", flat=True)) == {"static"}


def test_nat_of_many_networks_changes(keeper: Keeper, internet: Network, tenants: Network) -> None:
    assert complaints(keeper.act("change_nat_type", [internet, tenants], nat_type="ipv4-masquerade")) == []
    assert set(Network.objects.values_list("nat_type", flat=True)) == {"ipv4-masquerade"}


def test_super_network_goes_together_with_its_children(keeper: Keeper, tenants: Network, private: Network) -> None:
    networks.create(child(parent=tenants, project=private.project))
    assert complaints(keeper.act("delete_selected", list(Network.objects.all()))) == []
    assert Network.objects.count() == 0


def test_action_names_what_goes_before_anything_does(keeper: Keeper, vpn: IPAddress) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [str(vpn.pk)], "index": "0", "select_across": "0"}
    html = keeper.web.post(page("changelist", IPAddress), chosen).content.decode()
    assert ("203.0.113.200" in html, "All or nothing" in html, "All or none" in html) == (True, True, False)
    assert IPAddress.objects.filter(pk=vpn.pk).exists()


def test_action_takes_no_more_rows_than_it_can_name(
    keeper: Keeper, internet: Network, project: Project, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ipam.admin.actions.MAX_ROWS", 3)
    held = addresses.allocate(internet, project=project, count=2)
    assert keeper.act("delete_selected", list(held)).status_code == 302
    assert IPAddress.objects.count() == 4


def test_all_pages_are_offered_to_an_action_only_while_it_takes_as_many(
    keeper: Keeper, internet: Network, project: Project, monkeypatch: Any
) -> None:
    addresses.allocate(internet, project=project, count=2)
    monkeypatch.setattr("ipam.admin.base.IpamAdmin.list_per_page", 2)

    def offer() -> tuple[bool, bool]:
        html = keeper.web.get(page("changelist", IPAddress)).content.decode()
        return "Select all 4 IP addresses" in html, "At most 3 at once: search or filter" in html

    assert offer() == (True, False)
    monkeypatch.setattr("ipam.admin.base.IpamAdmin.most_at_once", 3)
    assert offer() == (False, True)


def test_action_says_which_of_its_rows_are_gone_by_now(keeper: Keeper, internet: Network, project: Project) -> None:
    def said(answer: Any) -> list[str]:
        return [str(message) for message in keeper.web.get(answer.url).context["messages"]]

    held = list(addresses.allocate(internet, project=project))
    addresses.release(IPAddress.objects.get(pk=held[0].pk))
    assert said(keeper.act("delete_selected", held)) == [
        "Release selected IP addresses: 1 done.",
        "Not in this list any more, of the selected rows: 1.",
    ]
    assert said(keeper.act("delete_selected", held)) == [
        "None of the selected rows is in this list any more. Nothing was changed."
    ]


def test_action_that_asks_for_nothing_is_not_done(keeper: Keeper, internet: Network) -> None:
    for action in ("rename", "change_labels"):
        assert complaints(keeper.act(action, [internet])) == ["Fill in at least one of the fields."]


def test_what_was_done_stands_in_the_history_of_the_admin(keeper: Keeper, internet: Network) -> None:
    keeper.change(internet, name="Internet")
    keeper.act("rename", [internet], name="The internet")
    answer = keeper.web.get(page("history", internet))
    assert [entry.get_change_message() for entry in answer.context["action_list"]] == ["Changed name.", "rename"]


def test_each_write_leaves_its_event(keeper: Keeper, internet: Network) -> None:
    keeper.change(internet, name="renamed")
    keeper.act("rename", [internet], name="again")
    events = Event.objects.filter(object_id="internet", door="admin").order_by("pk")
    assert [(event.verb, event.changes["name"]) for event in events] == [
        ("update", ["", "renamed"]),
        ("update", ["renamed", "again"]),
    ]


def test_page_that_was_opened_before_another_change_overwrites_nothing(keeper: Keeper, internet: Network) -> None:
    networks.update(internet, description="by somebody else")
    answer = keeper.change(internet, name="mine", generation="1")
    assert complaints(answer) == [
        "Somebody else has changed “internet” meanwhile: it is in generation 2 by now. Nothing was changed; "
        "read it again and repeat your change."
    ]
    internet.refresh_from_db()
    assert (internet.name, internet.description) == ("", "by somebody else")


def test_prefix_that_is_removed_meanwhile_makes_the_page_of_its_network_stale(
    keeper: Keeper, internet: Network
) -> None:
    networks.add_prefix(internet, cidrs("198.51.100.0/24")[0])
    last = internet.prefixes.get(length=24)
    gone = {"prefixes-TOTAL_FORMS": "4", "prefixes-INITIAL_FORMS": "3", "prefixes-2-id": last.pk, "prefixes-2-cidr": ""}
    networks.remove_prefix(internet, last.cidr)
    answer = keeper.change(internet, **gone, generation="2", **{"prefixes-3-cidr": "192.0.2.0/24"})
    assert [said[:27] for said in complaints(answer)] == ["Somebody else has changed “"]
    assert prefixes_of(internet) == ["203.0.113.128/25", "2001:db8:0:113::/64"]


def test_list_that_is_refused_shows_each_name_beside_its_own_row(
    keeper: Keeper, internet: Network, tenants: Network, partition: Partition
) -> None:
    def meanwhile() -> None:
        networks.create(external(id="before", vrf=5, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
        networks.update(tenants, description="by somebody else")

    answer = keeper.edit_list(Network, {tenants: {"name": "mine"}}, meanwhile)
    assert len(complaints(answer)) == 1
    shown = answer.context["cl"]
    rows = zip(shown.result_list, shown.formset, strict=True)
    named = [(row.pk, form["id"].value(), form["name"].value()) for row, form in rows]
    assert named == [("internet", "internet", ""), ("tenants", "tenants", "mine")]


def test_list_leaves_rows_alone_that_only_somebody_else_has_changed(
    keeper: Keeper, internet: Network, tenants: Network
) -> None:
    saved = keeper.edit_list(Network, {tenants: {"name": "mine"}}, lambda: networks.update(internet, name="theirs"))
    assert complaints(saved) == []
    assert list(Network.objects.values_list("pk", "name")) == [("internet", "theirs"), ("tenants", "mine")]


def test_list_whose_row_is_gone_says_so_and_saves_the_others_the_next_time(
    keeper: Keeper, internet: Network, tenants: Network
) -> None:
    answer = keeper.edit_list(Network, {tenants: {"name": "mine"}}, lambda: networks.delete(internet))
    assert "1 row is gone by now. Nothing was changed; save again to change the others." in answer.content.decode()
    assert not Network.objects.exclude(name="").exists()
    assert keeper.save_list(answer).status_code == 302
    assert list(Network.objects.values_list("pk", "name")) == [("tenants", "mine")]


def test_list_all_of_whose_rows_are_gone_says_so(keeper: Keeper, tenants: Network) -> None:
    answer = keeper.edit_list(Network, {tenants: {"name": "mine"}}, lambda: networks.delete(tenants))
    assert "1 row is gone by now." in answer.content.decode()


def test_search_finds_by_address_block_and_name(keeper: Keeper, vpn: IPAddress) -> None:
    def found(model: Any, text: str) -> list[str]:
        return [str(row) for row in keeper.web.get(page("changelist", model), {"q": text}).context["cl"].result_list]

    assert found(IPAddress, "203.0.113.0/24") == ["203.0.113.200"]
    assert found(IPAddress, "203.0.") == ["203.0.113.200"]
    assert found(IPAddress, "2001:db8:") == []
    assert found(IPAddress, "VPN") == ["203.0.113.200"]
    assert found(Prefix, str(ip("203.0.113.200"))) == ["203.0.113.128/25"]
    assert found(Network, "203.0.113.200") == ["internet"]


def test_cluster_is_planned_reserved_changed_and_released(keeper: Keeper, private: Network, project: Project) -> None:
    asked = {"name": "web", "project": project.pk, "network": private.pk, "families": "ipv6,ipv4", "labels": "env=prod"}
    assert complaints(keeper.add(Cluster, **asked)) == []
    web = Cluster.objects.get()
    assert (web.families, web.state, web.labels) == ("ipv6,ipv4", "draft", {"env": "prod"})
    assert complaints(keeper.act("reserve", [web])) == []
    web.refresh_from_db()
    assert complaints(keeper.change(web, kubernetes_version="1.34")) == []
    assert complaints(keeper.act("release", [web])) == []
    web.refresh_from_db()
    assert (web.kubernetes_version, web.state) == ("1.34", "released")
    assert complaints(keeper.delete(web)) == []
    assert not Cluster.objects.exists()


def test_plan_that_breaks_a_rule_is_refused_beside_its_field(
    keeper: Keeper, private: Network, project: Project
) -> None:
    asked = {"name": "web", "project": project.pk, "network": private.pk, "wanted_nodes": "2000"}
    (complaint,) = complaints(keeper.add(Cluster, **asked))
    assert complaint.startswith("wanted_nodes: There is room for 1,020 nodes and 1 that come before others go, not ")
