"""Signing in at an identity provider by OpenID Connect: what of its answer is believed, and who that is here."""

from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from ipam.domain.core import context
from ipam.domain.people import accounts, members
from webui import group_roles

_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_SECONDS_OF_CLOCKS = 30  # that ours and the provider's may differ


class ProviderBackend(OIDCAuthenticationBackend):
    """The library fetches the token and its key, and compares the nonce; what it leaves open is here."""

    get_user = ModelBackend.get_user  # the library's would let in who may not sign in any more

    def authenticate(self, request: HttpRequest, nonce: str, code_verifier: str) -> User | None:
        """Just these arguments: a password is no business of this backend."""
        found: User | None = super().authenticate(request, nonce=nonce, code_verifier=code_verifier)
        return found

    def get_payload_data(self, token: str, key: Any) -> dict[str, Any]:
        """The claims of a token that this provider signed for us, and whose time it is (Core 1.0, section 3.1.3.7)."""
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[self.OIDC_RP_SIGN_ALGO],
            issuer=settings.OIDC_ISSUER,
            audience=self.OIDC_RP_CLIENT_ID,
            leeway=_SECONDS_OF_CLOCKS,
            options={"require": _CLAIMS},
        )
        if claims.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID:
            raise jwt.InvalidAudienceError("The token was issued to another application (azp).")
        return claims

    def get_or_create_user(self, access_token: str, id_token: str, claims: dict[str, Any]) -> User:
        """Who signs in, with the roles of their groups. Nobody has signed in yet, so the provider asks."""
        name = str(claims.get("preferred_username") or claims["sub"])
        groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
        roles = group_roles.roles_of([groups] if isinstance(groups, str) else groups)
        with context.system("identity provider"):
            user = accounts.enter(claims["iss"], claims["sub"], name=name)
            members.set_group_roles(user, roles)
        return user
