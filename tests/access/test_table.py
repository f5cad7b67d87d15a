"""The table of roles itself, and that no operation of the domain goes past it."""

import contextlib
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, User

from ipam import errors
from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import EVERYTHING, MAY, Access, Permission, of_user
from ipam.domain.networks import addresses, bulk, machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members, tokens
from ipam.models import ApiToken, Event, IPAddress, Network, Project
from ipam.models.roles import Role
from tests.access.conftest import ROLES, Cloud
from tests.builders import IPV4, child, cidrs, external, ip
from tests.callers import as_user
from tests.domain.core.every_operation import OPERATIONS
from tests.domain.core.world import World


def permissions(role: Role) -> list[str]:
    return [permission.name.lower() for permission in Permission if role in MAY[permission]]


def test_each_role_may_do_what_the_issue_of_roles_says() -> None:
    assert {role.value: permissions(role) for role in Role} == {
        "operator": ["read", "allocate", "manage", "operate"],
        "auditor": ["read"],
        "owner": ["read", "allocate", "manage"],
        "editor": ["read", "allocate"],
        "viewer": ["read"],
    }


@pytest.mark.parametrize("role", ROLES)
def test_what_is_at_hand_is_seen_as_if_the_database_were_asked(
    role: str, people: dict[str, User], two: Cloud, tenants: Network
) -> None:
    with as_user(people[role]):
        for one in [*Network.objects.all(), *Project.objects.all(), *IPAddress.objects.all()]:
            assert access.sees_at_hand(one) == access.sees(one), one


def test_role_of_a_project_counts_there_only() -> None:
    here, elsewhere = uuid4(), uuid4()
    who = Access(projects={here: Role.EDITOR})
    assert (
        who.may(Permission.ALLOCATE, here),
        who.may(Permission.ALLOCATE, elsewhere),
        who.may(Permission.ALLOCATE),
    ) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_carries_out_an_operation(name: str, operator: User) -> None:
    world = World(operator)
    do, _ = OPERATIONS[name]
    with as_user(User.objects.create_user("nobody")), pytest.raises((errors.PermissionDenied, errors.NotFound)):
        do(world)
    assert not Event.objects.exists()


def test_superuser_is_an_operator_and_nobody_is_nothing(operator: User) -> None:
    assert of_user(operator).platform == Role.OPERATOR
    assert of_user(AnonymousUser()) == Access()


def test_what_a_member_may_costs_one_statement(two: Cloud, people: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        who = of_user(people["editor"])
    assert who.projects == {two.project.pk: Role.EDITOR}


# --- tokens ---------------------------------------------------------------------------------------
def token(**fields: Any) -> ApiToken:
    return ApiToken(**fields)


def test_token_that_only_reads_takes_writing_from_its_owner() -> None:
    here = uuid4()
    who = Access(projects={here: Role.OWNER}).narrowed(token(is_read_only=True))
    assert (who.may(Permission.READ, here), who.may(Permission.ALLOCATE, here)) == (True, False)


def test_token_of_an_operator_that_is_bound_to_a_project_owns_it_and_no_more() -> None:
    here, elsewhere = uuid4(), uuid4()
    who = EVERYTHING.narrowed(token(projects=[str(here)]))
    assert (who.may(Permission.MANAGE, here), who.may(Permission.READ, elsewhere), who.may(Permission.OPERATE)) == (
        True,
        False,
        False,
    )


def test_token_of_an_auditor_that_is_bound_to_a_project_only_views_it() -> None:
    here = uuid4()
    who = Access(Role.AUDITOR).narrowed(token(projects=[str(here)]))
    assert who.projects == {here: Role.VIEWER}


def test_token_that_is_bound_to_a_project_of_others_opens_nothing() -> None:
    who = Access(projects={uuid4(): Role.OWNER}).narrowed(token(projects=[str(uuid4())]))
    assert who.projects == {}


# --- what may be done -----------------------------------------------------------------------------
def test_underlay_gives_addresses_to_operators_only(two: Cloud, people: Any) -> None:
    underlay = Network.objects.get(type="underlay")
    with as_user(people["editor"]), pytest.raises(errors.PermissionDenied):
        addresses.allocate(underlay, project=two.project)
    with as_user(people["operator"]):
        assert len(addresses.allocate(underlay, project=two.project)) == 1


def test_shared_child_takes_an_owner_of_the_project(two: Cloud, people: Any) -> None:
    new = child(type="child-shared", parent=Network.objects.get(pk="tenants"), project=two.project)
    with as_user(people["editor"]), pytest.raises(errors.PermissionDenied) as refused:
        networks.create(new)
    assert refused.value.detail == (
        "You may not make a network that every project may join here. Ask for the role of owner in this project."
    )
    with as_user(people["owner"]):
        assert networks.create(new).is_shared_child


@pytest.mark.parametrize("kind", ["external", "super"])
def test_owner_describes_any_network_of_the_project_and_no_more(kind: str, two: Cloud, people: Any) -> None:
    lengths = {"default_child_prefix_length": {IPV4: 24}} if kind == "super" else {}
    own = networks.create(
        external(id="own", type=kind, vrf=77, project=two.project, prefixes=cidrs("10.99.0.0/16"), **lengths,
                 destination_prefixes=[])
    )  # fmt: skip
    with as_user(people["owner"]):
        networks.update(own, name="Ours", description="Front", labels={"tier": "gold"})
        bulk.label([own], add={"site": "a"}, remove={})
        bulk.rename([own], before="All ")
        for refuse in (
            lambda: networks.update(own, name="x", nat_type="ipv4-masquerade"),
            lambda: networks.delete(own),
        ):
            with pytest.raises(errors.PermissionDenied, match=r"Ask for the role of operator of the platform\."):
                refuse()
        with pytest.raises(errors.PermissionDenied, match=r"Ask for the role of operator of the platform\."):
            networks.update(two.internet, name="theirs")
    with (
        as_user(people["editor"]),
        pytest.raises(errors.PermissionDenied, match=r"the role of owner in this project\."),
    ):
        networks.update(own, name="x")
    own.refresh_from_db()
    assert (own.name, own.description, own.labels) == ("All Ours", "Front", {"tier": "gold", "site": "a"})


def test_refusal_asks_for_a_role_that_would_do(two: Cloud, people: Any) -> None:
    with as_user(people["viewer"]):
        for refuse, needed in (
            (lambda: addresses.release(two.address), "editor or owner in this project"),
            (lambda: access.require_anywhere(Permission.ALLOCATE), "editor or owner in the project that it is for"),
            (lambda: members.find_user("nobody"), "owner in the project that it is for"),
            (lambda: projects.update(two.project, name="x"), "owner in this project"),
            (lambda: partitions.create(id="fra"), "operator of the platform"),
        ):
            with pytest.raises(errors.PermissionDenied) as refused:
                refuse()
            assert refused.value.detail.endswith(f" Ask for the role of {needed}.")


def test_editor_names_no_vrf(two: Cloud, people: Any) -> None:
    free = networks.create(
        external(id="free", type="super", vrf=None, prefixes=cidrs("10.99.0.0/16"), destination_prefixes=[],
                 default_child_prefix_length={IPV4: 24})
    )  # fmt: skip
    with as_user(people["editor"]):
        with pytest.raises(errors.PermissionDenied):
            networks.create(child(parent=free, project=two.project, vrf=two.foreign.vrf_id))
        assert networks.create(child(parent=free, project=two.project)).vrf_id


def test_firewall_of_an_editor_joins_the_underlay(two: Cloud, people: Any) -> None:
    joined = [Attachment(network=one) for one in (two.internet, two.private)]
    with as_user(people["editor"]):
        wall = machines.allocate(project=two.project, partition=two.partition, networks=joined, role="firewall")
    assert wall.networks.filter(type="underlay").exists()


def test_selection_with_one_foreign_address_does_nothing(two: Cloud, people: Any) -> None:
    with as_user(people["editor"]), pytest.raises(errors.PermissionDenied):
        addresses.release_many([two.address, two.foreign_address])
    assert IPAddress.objects.filter(pk=two.address.pk).exists()


# --- what is seen ---------------------------------------------------------------------------------
def test_foreign_thing_is_looked_up_in_vain(two: Cloud, people: Any) -> None:
    with as_user(people["viewer"]), pytest.raises(errors.NotFound):
        lookups.get(Network, two.foreign.pk)


def test_shared_child_of_another_project_is_seen_as_everybody_may_join_it(two: Cloud, people: Any) -> None:
    shared = networks.create(child(type="child-shared", parent=two.foreign.parent, project=two.foreign_project))
    with as_user(people["viewer"]):
        assert lookups.get(Network, shared.pk) == shared


@pytest.mark.parametrize(("role", "said"), [("editor", "another project"), ("operator", "project {} (“mallorys”)")])
def test_holder_of_an_address_is_named_to_those_who_see_it(role: str, said: str, two: Cloud, people: Any) -> None:
    wanted = [ip(str(two.foreign_address))]
    with as_user(people[role]), pytest.raises(errors.AlreadyAllocated) as refused:
        addresses.allocate(two.internet, project=two.project, addresses=wanted)
    assert f"is held by {said.format(two.foreign_project)}." in refused.value.detail


# --- members --------------------------------------------------------------------------------------
def test_owner_makes_members_of_his_project_and_of_no_other(two: Cloud, people: Any) -> None:
    with as_user(people["owner"]):
        members.grant(people["nobody"], "editor", project=two.project)
        with pytest.raises(errors.PermissionDenied):
            members.grant(people["nobody"], "viewer", project=two.foreign_project)
        with pytest.raises(errors.PermissionDenied):
            members.grant(people["nobody"], "auditor")
    assert of_user(people["nobody"]).projects == {two.project.pk: Role.EDITOR}


def test_new_role_takes_the_place_of_the_old_one(two: Cloud, people: Any) -> None:
    members.grant(people["viewer"], "owner", project=two.project)
    assert of_user(people["viewer"]).projects == {two.project.pk: Role.OWNER}


@pytest.mark.parametrize(("role", "on_project"), [("operator", True), ("owner", False), ("king", True)])
def test_role_that_does_not_belong_there_is_refused(role: str, on_project: bool, two: Cloud, people: Any) -> None:
    with pytest.raises(errors.Invalid):
        members.grant(people["nobody"], role, project=two.project if on_project else None)


def test_last_owner_neither_leaves_nor_steps_down(two: Cloud, people: Any) -> None:
    held = people["owner"].role_bindings.get()
    with as_user(people["owner"]):
        for leave in (
            lambda: members.withdraw(held),
            lambda: members.grant(people["owner"], "editor", project=two.project),
        ):
            with pytest.raises(errors.InUse, match="owner is the last owner of project alice: none of its members"):
                leave()
    assert of_user(people["owner"]).projects == {two.project.pk: Role.OWNER}


def test_owner_leaves_once_there_is_another(two: Cloud, people: Any) -> None:
    with as_user(people["owner"]):
        members.grant(people["editor"], "owner", project=two.project)
        members.withdraw(people["owner"].role_bindings.get())
    assert of_user(people["owner"]).projects == {}


def test_owner_who_cannot_sign_in_and_a_robot_are_no_other_owner(two: Cloud, people: Any) -> None:
    members.grant(people["editor"], "owner", project=two.project)
    User.objects.filter(username="editor").update(is_active=False)
    members.grant(two.robot.user, "owner", project=two.project)
    with pytest.raises(errors.InUse):
        members.withdraw(people["owner"].role_bindings.get())
    members.withdraw(two.robot.user.role_bindings.get())


def test_last_operator_of_the_platform_stays_unless_there_is_a_superuser(two: Cloud, people: Any) -> None:
    held = people["operator"].role_bindings.get()
    with pytest.raises(errors.InUse, match="operator is the last operator of the platform: nobody could give roles"):
        members.withdraw(held)
    User.objects.create_superuser("root")
    members.withdraw(held)


def test_groups_take_the_role_of_the_last_owner(two: Cloud, people: Any) -> None:
    people["owner"].role_bindings.update(source="group")
    members.set_group_roles(people["owner"], {two.project.pk: Role.EDITOR})
    members.set_group_roles(people["owner"], {})
    assert of_user(people["owner"]).projects == {}


def test_robot_goes_when_its_role_is_withdrawn_and_its_tokens_with_it(two: Cloud) -> None:
    members.withdraw(two.robot.user.role_bindings.get())
    assert not ApiToken.objects.exists()
    assert not User.objects.filter(username__startswith="terraform@").exists()


def test_robots_go_with_their_project(two: Cloud) -> None:
    spare = projects.create(name="spare")
    members.create_service_account(spare, "ci")
    projects.delete(spare)
    assert not User.objects.filter(username__startswith="ci@").exists()


@pytest.mark.parametrize("name", ["", "a b", "x" * 101])
def test_service_account_needs_a_name_that_can_be_one(name: str, two: Cloud) -> None:
    with pytest.raises(errors.Invalid):
        members.create_service_account(two.project, name)


def test_service_account_has_no_password(two: Cloud) -> None:
    assert (two.robot.user.has_usable_password(), Project.objects.get(service_accounts=two.robot)) == (
        False,
        two.project,
    )


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("editor", False), ("stranger", False), ("operator", True)])
def test_tokens_of_a_robot_are_made_by_those_who_manage_its_project(
    role: str, may: bool, two: Cloud, people: Any
) -> None:
    refused = contextlib.nullcontext() if may else pytest.raises(errors.PermissionDenied)
    with as_user(people[role]), refused:
        tokens.issue(two.robot.user, name="x")
    assert two.robot.user.api_tokens.count() == 1 + may


@pytest.mark.parametrize("elsewhere", ["another project", "the platform"])
def test_robot_gets_no_role_outside_of_its_project(elsewhere: str, two: Cloud) -> None:
    place, role = (two.foreign_project, "viewer") if elsewhere == "another project" else (None, "auditor")
    with pytest.raises(errors.Invalid):
        members.grant(two.robot.user, role, project=place)
    assert of_user(two.robot.user).projects == {two.project.pk: Role.EDITOR}


@pytest.mark.parametrize("role", ["auditor", "editor", "viewer", "nobody"])
def test_who_gives_no_roles_is_not_told_who_has_an_account(role: str, two: Cloud, people: Any) -> None:
    for name in ("operator", "no-such-user"):
        with as_user(people[role]), pytest.raises(errors.PermissionDenied):
            members.find_user(name)
