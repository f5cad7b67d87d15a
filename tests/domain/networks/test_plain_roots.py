"""Roots as go-ipam's door makes them: the exception to rule 1, and prefixes that are named one by one."""

import pytest

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, plain_roots
from ipam.models import Network, Project
from tests.builders import IPV4, child, cidrs, external, free_blocks, prefixes_of

(ROOT,) = cidrs("10.99.0.0/24")


@pytest.fixture
def root(project: Project) -> Network:
    return plain_roots.create(ROOT, project=project, namespace="root")


def test_empty_root_becomes_external_and_gives_addresses(root: Network, project: Project) -> None:
    made = plain_roots.make_external(root, project, namespace="root")
    assert (made.type, made.project, made.vrf is not None, made.default_child_prefix_length) == (
        "external",
        None,
        True,
        {},
    )
    assert [str(one) for one in addresses.allocate(made, project=project)] == ["10.99.0.1"]
    assert list(doctor.examine()) == []


def test_root_of_another_namespace_becomes_external_for_its_project(root: Network, project: Project) -> None:
    assert plain_roots.make_external(root, project, namespace=str(project.pk)).project == project


def test_root_with_children_stays_a_super(root: Network, project: Project) -> None:
    networks.create(child(parent=root, project=project))
    with pytest.raises(errors.HasChildren):
        plain_roots.make_external(root, project, namespace="root")


def test_root_with_children_of_others_stays_a_super(root: Network, project: Project, stranger: Project) -> None:
    networks.create(child(parent=root, project=stranger))
    with pytest.raises(errors.InUse):
        plain_roots.make_external(root, project, namespace="root")
    assert list(doctor.examine()) == []


def test_super_that_people_made_never_becomes_external(tenants: Network, project: Project) -> None:
    with pytest.raises(errors.NetworkNotUsable):
        plain_roots.make_external(tenants, project, namespace="root")


def test_copy_is_opened_once(root: Network, project: Project, stranger: Project) -> None:
    plain_roots.open_namespace(root, stranger)
    with pytest.raises(errors.AlreadyExists):
        plain_roots.open_namespace(root, stranger)
    assert free_blocks(root) == ["10.99.0.0/24"] * 2


def test_root_goes_with_its_last_copy(root: Network, project: Project, stranger: Project) -> None:
    plain_roots.open_namespace(root, stranger)
    plain_roots.close_namespace(root, project)
    assert free_blocks(root) == ["10.99.0.0/24"]
    plain_roots.close_namespace(root, stranger)
    assert not Network.objects.filter(pk=root.pk).exists()


def test_prefix_that_is_named_gives_the_address(project: Project) -> None:
    made = networks.create(external(prefixes=cidrs("10.1.0.0/24", "10.2.0.0/31"), destination_prefixes=()))
    _, small = made.prefixes.in_order()
    assert [str(plain_roots.acquire(small, project=project)) for _ in range(2)] == ["10.2.0.0", "10.2.0.1"]
    with pytest.raises(errors.Exhausted):
        plain_roots.acquire(small, project=project)


def test_last_prefix_of_a_child_stays(private: Network) -> None:
    four, six = private.prefixes.in_order()
    plain_roots.release_prefix(four)
    assert prefixes_of(private) == [str(six)]
    with pytest.raises(errors.LastPrefix):
        plain_roots.release_prefix(six)
    with pytest.raises(errors.NotFound):
        plain_roots.release_prefix(four)
    assert list(doctor.examine()) == []


def test_prefix_of_a_child_with_addresses_stays(private: Network, project: Project) -> None:
    addresses.allocate(private, project=project, families=[IPV4])
    with pytest.raises(errors.HasIps):
        plain_roots.release_prefix(private.prefixes.in_order()[0])
