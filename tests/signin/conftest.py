from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from django.http import HttpResponse
from django.test import Client

from ipam.models import Project
from tests.signin.provider import CLIENT_ID, CLIENT_SECRET, Provider


@pytest.fixture
def provider(db: None, settings: Any) -> Iterator[Provider]:
    """An identity provider at which Alice has an account, and settings that name it."""
    found = Provider()
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS[:-1], "webui.oidc.ProviderBackend"]
    settings.OIDC_ISSUER, settings.OIDC_NAME = found.issuer, "Keycloak"
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{found.issuer}/authorize"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{found.issuer}/token"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{found.issuer}/keys"
    settings.OIDC_OP_USER_ENDPOINT, settings.OIDC_RP_SCOPES = "", "openid profile"
    settings.OIDC_RP_SIGN_ALGO, settings.OIDC_USE_PKCE, settings.OIDC_TIMEOUT = "RS256", True, 5
    settings.OIDC_AUTHENTICATION_CALLBACK_URL = "provider-callback"
    settings.OIDC_GROUPS_CLAIM, settings.OIDC_ROLES = "groups", ""
    yield found
    found.close()


@pytest.fixture
def go(provider: Provider) -> Callable[..., str]:
    """A browser goes to the provider, where Alice signs in; the address to which it is sent back."""

    def to_provider(client: Client, next: str = "") -> str:
        begun = client.get("/accounts/provider/", {"next": next} if next else {})
        back = requests.get(begun.url, allow_redirects=False, timeout=5).headers["Location"]
        return urlsplit(back)._replace(scheme="", netloc="").geturl()

    return to_provider


@pytest.fixture
def sign_in(go: Callable[..., str]) -> Callable[..., HttpResponse]:
    """The same, and back: the answer to whom the provider let in."""

    def there_and_back(client: Client, next: str = "") -> Any:
        return client.get(go(client, next))

    return there_and_back


@pytest.fixture
def group_file(tmp_path: Path, settings: Any, project: Project) -> None:
    """Operators of the network are operators, the readers auditors, two teams are of Alice's project."""
    mapping = {
        "network-operators": {"role": "operator"},
        "readers": {"role": "auditor"},
        "team": [{"role": "viewer", "project": str(project.pk)}],
        "leads": {"role": "owner", "project": str(project.pk)},
    }
    settings.OIDC_ROLES = str(tmp_path / "roles.yaml")
    Path(settings.OIDC_ROLES).write_text(yaml.safe_dump(mapping))
