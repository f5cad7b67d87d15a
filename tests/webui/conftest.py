import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def web(client: Client, operator: User) -> Client:
    """A browser in which the operator is signed in."""
    client.force_login(operator)
    return client
