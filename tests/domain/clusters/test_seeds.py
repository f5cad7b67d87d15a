"""A seed and its shoots keep their IPv6 apart, whichever of them changes and whoever sees the other."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.forms import model_to_dict

from ipam import errors
from ipam.domain.clusters import lifecycle, planning, service_ranges
from ipam.domain.networks import networks
from ipam.domain.people import members
from ipam.forms.clusters import ClusterForm
from ipam.models import Cluster, Network, Project
from tests.builders import child, families, worked_example
from tests.callers import as_user
from tests.shared import shared_fixture


@shared_fixture
def seed(private: Network, project: Project) -> Cluster:
    """Alice's cluster, the worked example, a seed."""
    return lifecycle.create(worked_example(name="seed", project=project, network=private, is_seed=True), reserve=True)


@shared_fixture
def shoot(seed: Cluster, tenants: Network, stranger: Project) -> Cluster:
    """Mallory's cluster, whose control plane runs in Alice's."""
    home = networks.create(child(parent=tenants, project=stranger))
    apart: Any = {"pods": families("10.240.0.0/13", "fd77::/52"), "services": families("10.248.0.0/18", "fd78::/112")}
    return lifecycle.create(
        worked_example(name="shoot", project=stranger, network=home, seed=seed, **apart), reserve=True
    )


@pytest.fixture
def mallory(stranger: Project) -> User:
    """Owner of the shoot, who does not see the seed."""
    user = User.objects.create_user("mallory")
    members.grant(user, "owner", project=stranger)
    return user


def test_owner_of_a_shoot_who_does_not_see_the_seed_changes_it(shoot: Cluster, mallory: User) -> None:
    with as_user(mallory):
        assert lifecycle.update(shoot, max_pods=200).max_pods == 200


def test_owner_of_a_shoot_who_does_not_see_the_seed_keeps_it_in_forms(shoot: Cluster, mallory: User) -> None:
    initial = model_to_dict(planning.get(shoot.pk), ClusterForm.base_fields)
    typed = {"kubernetes_version": "1.35", "max_pods": "200"}
    with as_user(mallory):
        form = ClusterForm(typed, initial=initial)
        assert (form.is_valid(), "seed" in form.changed_data, "seed" in form.fields) == (True, False, False)
    assert "seed" in ClusterForm(typed, initial=initial).fields


def test_seed_that_is_not_seen_is_not_named(shoot: Cluster, mallory: User) -> None:
    with as_user(mallory), pytest.raises(errors.Overlap) as refusal:
        service_ranges.add(shoot, families("fd00:10:240::/112"))
    assert "a range of its seed" in refusal.value.detail
    with pytest.raises(errors.Overlap, match="the pods of the seed seed"):
        service_ranges.add(shoot, families("fd00:10:240::/112"))


def test_seed_gains_no_range_of_its_shoots(seed: Cluster, shoot: Cluster) -> None:
    with pytest.raises(errors.Overlap, match="the services of the shoot shoot") as refusal:
        service_ranges.add(seed, families("fd78::/112"))
    assert refusal.value.field == "services"
    service_ranges.add(seed, families("fd79::/112"))


def test_seed_is_not_released_below_its_shoots(seed: Cluster, shoot: Cluster) -> None:
    with pytest.raises(errors.InUse, match=r"the seed of 1 cluster\. Give it"):
        lifecycle.release(seed)
    lifecycle.release(shoot)
    assert lifecycle.release(seed).state == "released"


def test_released_cluster_is_no_seed(seed: Cluster, tenants: Network, project: Project) -> None:
    lifecycle.release(seed)
    with pytest.raises(errors.Invalid, match="is no seed"):
        lifecycle.create(worked_example(name="b", project=project, parent=tenants, seed=seed))
