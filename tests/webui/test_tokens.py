"""A user's own tokens."""

import re

from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.people import tokens
from ipam.models import ApiToken, Project


def test_new_token_is_shown_once_and_opens_the_api(web: Client) -> None:
    html = web.post("/tokens/", {"name": "terraform"}).content.decode()
    token = re.search(r"twofold_[\w-]+", html)[0]
    answer = Client().get("/api/v1/partitions/", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, token in web.get("/tokens/").content.decode()) == (200, False)


def test_revoked_token_opens_nothing(web: Client, operator: User) -> None:
    token = tokens.issue(operator, name="old")
    url = f"/tokens/{ApiToken.objects.get().pk}/revoke/"
    assert ("Revoke old?" in web.get(url).content.decode(), ApiToken.objects.count()) == (True, 1)
    web.post(url)
    answer = Client().get("/api/v1/partitions/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_token_of_somebody_else_cannot_be_revoked(web: Client, db: None) -> None:
    tokens.issue(User.objects.create_user("bob"))
    answer = web.post(f"/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert (answer.status_code, ApiToken.objects.count()) == (404, 1)


def test_page_with_a_token_is_kept_by_no_cache(web: Client) -> None:
    assert web.post("/tokens/", {"name": "ci"}).headers["Cache-Control"] == "no-store"


def test_token_is_bound_to_projects_that_are_named_on_a_line_each(web: Client, project: Project) -> None:
    other = Project.objects.create(name="alice", tenant="acme")
    Project.objects.create(name="alice", tenant="globex")
    lines = f"{project.pk}\n alice · acme \r\n\nalice · acme"
    web.post("/tokens/", {"name": "ci", "projects": lines})
    assert ApiToken.objects.get().projects == [str(project.pk), str(other.pk)]


def test_project_that_a_token_cannot_be_bound_to_is_told(web: Client, db: None) -> None:
    assert (
        "There is no project “nothing”." in web.post("/tokens/", {"name": "ci", "projects": "nothing"}).content.decode()
    )
    assert ApiToken.objects.count() == 0
