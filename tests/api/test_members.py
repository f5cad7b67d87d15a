"""Members of a project over REST."""

from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.models import Project
from tests.api.conftest import codes


def test_member_is_made_changed_and_removed(api: APIClient, project: Project) -> None:
    User.objects.create_user("bob")
    url = f"/api/v1/projects/{project.pk}/members/"
    made = api.post(url, {"user": "bob", "role": "viewer"})
    assert (made.status_code, made.json()) == (201, {"user": "bob", "role": "viewer", "source": "local"})
    api.post(url, {"user": "bob", "role": "editor"})
    assert api.get(url).json() == {
        "next": None,
        "previous": None,
        "results": [{"user": "bob", "role": "editor", "source": "local"}],
    }
    assert api.delete(f"{url}?user=bob").status_code == 204
    assert api.get(url).json()["results"] == []


def test_member_who_is_no_user_is_refused(api: APIClient, project: Project) -> None:
    refused = api.post(f"/api/v1/projects/{project.pk}/members/", {"user": "bob", "role": "viewer"})
    assert (refused.status_code, codes(refused)) == (404, [("user", "not_found")])


def test_who_is_no_member_is_not_removed(api: APIClient, project: Project) -> None:
    refused = api.delete(f"/api/v1/projects/{project.pk}/members/?user=bob")
    assert (refused.status_code, codes(refused)) == (404, [("user", "not_found")])


def test_role_of_the_platform_is_none_of_a_project(api: APIClient, project: Project) -> None:
    User.objects.create_user("bob")
    refused = api.post(f"/api/v1/projects/{project.pk}/members/", {"user": "bob", "role": "operator"})
    assert (refused.status_code, codes(refused)) == (400, [("role", "invalid")])
