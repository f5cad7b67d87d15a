"""The API as outside tools see it: JSON in, JSON out, with a bearer token."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.domain import tokens


@pytest.fixture
def api(operator: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(operator)}")
    return client


def codes(response: Any) -> list[tuple[str, str]]:
    """What a problem says, as (field, code) pairs."""
    return [(error["field"], error["code"]) for error in response.json()["errors"]]
