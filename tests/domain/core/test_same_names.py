"""How things of equal names are told apart where people read them."""

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.core import same_names
from ipam.domain.networks import networks, projects
from ipam.domain.people import members
from ipam.models import Machine, Network, Project
from tests.builders import child
from tests.callers import as_user


def carved(parent: Network, owner: Project, name: str) -> Network:
    return networks.create(child(parent=parent, project=owner, name=name))


def read(*found: Network) -> list[str]:
    """What people read for these networks."""
    texts = same_names.names_of({Network: {one.pk: one.name for one in found}})
    return [texts[Network, one.pk] for one in found]


def test_name_that_one_has_is_enough(tenants: Network, project: Project) -> None:
    assert read(carved(tenants, project, "private")) == ["private"]


def test_equal_names_are_followed_by_the_project(tenants: Network, project: Project, stranger: Project) -> None:
    both = [carved(tenants, owner, "private") for owner in (project, stranger)]
    assert read(*both) == ["private · alice", "private · mallory"]


def test_one_of_several_is_told_apart_by_itself(tenants: Network, project: Project, stranger: Project) -> None:
    one, _ = [carved(tenants, owner, "private") for owner in (project, stranger)]
    assert read(one) == ["private · alice"]


def test_equal_names_of_one_project_are_followed_by_their_ids(tenants: Network, project: Project) -> None:
    both = [carved(tenants, project, "private") for _ in range(2)]
    assert read(*both) == [f"private · {one.pk}" for one in both]


def test_nobody_learns_of_a_name_that_they_do_not_see(
    tenants: Network, project: Project, stranger: Project, django_user_model: type[User]
) -> None:
    one, _ = [carved(tenants, owner, "private") for owner in (project, stranger)]
    viewer = django_user_model.objects.create_user("viewer")
    members.grant(viewer, "viewer", project=project)
    with as_user(viewer):
        assert read(one) == ["private"]


def test_things_of_several_kinds_cost_one_statement(tenants: Network, project: Project, machine: Machine) -> None:
    shop, bank = (projects.create(name="web", tenant=tenant) for tenant in ("shop", "bank"))
    home = carved(tenants, shop, "web")
    things = {
        Network: {home.pk: home.name},
        Project: {str(shop.pk): shop.name, str(bank.pk): bank.name},
        Machine: {machine.pk: str(machine)},
    }
    with CaptureQueriesContext(connection) as captured:
        texts = same_names.names_of(things)
    assert len(captured) == 1
    assert list(texts.values()) == ["web", "web · shop", "web · bank", str(machine)]


def test_nothing_costs_nothing(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert same_names.names_of({}) == {}
    assert len(captured) == 0
