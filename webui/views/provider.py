"""Going to the identity provider, and coming back."""

import logging
from typing import cast

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from ipam import errors

log = logging.getLogger(__name__)

_WRONG_TIME = (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError)
_UNBELIEVABLE = (SuspiciousOperation, jwt.PyJWTError, KeyError, TypeError, ValueError)


class Callback(OIDCAuthenticationCallbackView):
    """Where the provider sends people back to."""

    def login_failure(self) -> HttpResponse:
        raise errors.NotAuthenticated("This sign-in was begun long ago, or in another browser. Begin again.")


def begin(request: HttpRequest) -> HttpResponse:
    """Go to the provider, with a state, a nonce and a PKCE challenge that only this session can answer."""
    if not settings.OIDC_ISSUER:
        raise Http404
    return _answer(OIDCAuthenticationRequestView, request)


def callback(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back, or say why not; details of a token that is not believed go to the log alone."""
    if not settings.OIDC_ISSUER:
        raise Http404
    if "error" in request.GET:  # the library would sign out whoever follows such a link
        return _refused(request, f"{settings.OIDC_NAME} did not let you in. Try again, or ask an operator.")
    try:
        return _answer(Callback, request)
    except errors.NotAuthenticated as refusal:
        return _refused(request, refusal.detail)
    except requests.RequestException as error:
        log.warning("The identity provider does not answer as it should: %s", error)
        return _refused(request, f"{settings.OIDC_NAME} does not answer. Try again in a minute.")
    except _WRONG_TIME as error:
        log.warning("The time of a token is wrong: %s", error)
        return _refused(request, f"The answer of {settings.OIDC_NAME} came too late, or its clock and ours differ.")
    except _UNBELIEVABLE as error:
        log.warning("A token was not believed: %r", error)
        return _refused(request, f"The answer of {settings.OIDC_NAME} was not meant for this sign-in. Begin again.")


def _answer(view: type[View], request: HttpRequest) -> HttpResponse:
    return cast(HttpResponse, view.as_view()(request))


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "sign_in_refused.html", {"why": why}, status=403)
