"""Who may ask: a bearer token, or the browser session with its CSRF token."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.domain.people import tokens

CSRF = "a" * 32
PARTITION = {"id": "mini-lab"}


@pytest.fixture
def browser(operator: User) -> APIClient:
    """A signed-in browser; unlike other test clients it is asked for its CSRF token."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(operator)
    client.cookies["csrftoken"] = CSRF
    return client


def with_token(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=text)
    return client


@pytest.mark.django_db
def test_request_without_credentials_is_refused_and_told_how() -> None:
    response = APIClient().get("/api/v1/networks/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="twofold"'
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.django_db
def test_write_without_credentials_changes_nothing(api: APIClient) -> None:
    assert APIClient().post("/api/v1/partitions/", PARTITION).status_code == 401
    assert api.get("/api/v1/partitions/").json()["results"] == []


def test_bearer_token_opens_the_api(operator: User) -> None:
    assert with_token(f"Bearer {tokens.issue(operator)}").get("/api/v1/networks/").status_code == 200


def test_scheme_is_case_insensitive(operator: User) -> None:
    assert with_token(f"bearer {tokens.issue(operator)}").get("/api/v1/networks/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Bearer nonsense", "Bearer", "Bearer \xff\xfe", "Bearer a b", "Basic b3A6cHc="])
def test_wrong_credentials_are_refused(text: str) -> None:
    response = with_token(text).get("/api/v1/networks/")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_token_is_not_kept_as_text(operator: User) -> None:
    token = tokens.issue(operator)
    assert token.encode() not in bytes(operator.api_tokens.get().digest)


def test_token_of_an_inactive_user_is_refused(api: APIClient, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    assert api.get("/api/v1/networks/").status_code == 401


def test_revoked_token_is_refused(api: APIClient, operator: User) -> None:
    operator.api_tokens.all().delete()
    assert api.get("/api/v1/networks/").status_code == 401


def test_session_reads(browser: APIClient) -> None:
    assert browser.get("/api/v1/networks/").status_code == 200


def test_session_writes_with_its_csrf_token(browser: APIClient) -> None:
    response = browser.post("/api/v1/partitions/", PARTITION, headers={"X-CSRFToken": CSRF})
    assert response.status_code == 201


def test_session_without_csrf_token_does_not_write(browser: APIClient) -> None:
    response = browser.post("/api/v1/partitions/", PARTITION)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert browser.get("/api/v1/partitions/").json()["results"] == []


def test_token_needs_no_csrf_token(operator: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(operator)}")
    assert client.post("/api/v1/partitions/", PARTITION).status_code == 201


def test_session_of_an_inactive_user_is_refused(browser: APIClient, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    assert browser.get("/api/v1/networks/").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("probe", ["healthz", "readyz"])
def test_probes_need_no_credentials(probe: str) -> None:
    response = APIClient().get(f"/api/v1/{probe}/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
