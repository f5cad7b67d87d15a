"""What stands around every request: who asks, and the page of a refusal that no view has caught."""

import re
import uuid
from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from django.utils.functional import cached_property

from ipam import errors
from ipam.api.errors import STATUS
from ipam.domain.core import context, outages
from ipam.models import ApiToken
from ipam.models.events import REQUEST_ID_LENGTH, Door

_DOORS = {"/api/": Door.API, "/admin/": Door.ADMIN, "/metal/": Door.METAL_API}
_PLAIN = re.compile(rf"[A-Za-z0-9._:-]{{1,{REQUEST_ID_LENGTH}}}")


class Acting:
    """Says who asks, which limits what is seen and done, by which door and in which request.

    It stands around everything else, and before it is known who calls: the session says that late, the API later. A
    proxy may name the request by the header `X-Request-ID`; what is not plain and short is replaced.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = next((door for start, door in _DOORS.items() if request.path_info.startswith(start)), Door.DASHBOARD)
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _PLAIN.fullmatch(given) else uuid.uuid4().hex
        with context.as_caller(lambda: _caller(request), door=door, request_id=request_id):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


def _caller(request: HttpRequest) -> tuple[User | AnonymousUser, ApiToken | None]:
    return getattr(request, "user", AnonymousUser()), getattr(request, "auth", None)


class BrowserRules:
    """What browsers may do with an answer, beyond what Django's own middleware tells them."""

    _HEADERS = {
        # Nothing of Twofold needs any of these; copying to the clipboard stays allowed.
        "Permissions-Policy": ", ".join(
            f"{feature}=()"
            for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb")
        ),
        "Cross-Origin-Resource-Policy": "same-origin",
        # After signing out, “back” shows nothing; static files say otherwise themselves.
        "Cache-Control": "no-store",
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self._HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class Compression(GZipMiddleware):
    """Pages are sent compressed; what a form answers is not.

    BREACH reads a secret out of the length of compressed answers, beside text of the attacker's own, over thousands of
    requests with somebody's session. Sessions are SameSite=Lax, so no other site can send those unseen. Were one to,
    CSRF tokens are masked anew in each answer, secrets (tokens, of webhooks) are only ever answered to POST, and Django
    adds bytes of a random number to each.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page and request.method == "GET" else response


class Policy(CSPMiddleware):
    """The content security policy: that of all answers is written once, those of a view's own each time."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        return response

    @cached_property
    def _policy(self) -> str:
        return build_policy()


class RefusalPages:
    """Answers for pages what `ipam.api.errors` answers for the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Django bounds what forms hold in memory; files would go to the disk first, whatever their size.
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if not request.path_info.startswith(("/api/", "/metal/")):  # which ask who it is before it reads anything
            if length > (most := settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
                return self._page(errors.TooLarge(f"This is longer than {most:,} bytes. Send it in parts."))
            if length > settings.STRANGERS_UPLOAD_MAX_MEMORY_SIZE and not request.user.is_authenticated:
                return self._page(errors.TooLarge("This is longer than anybody's sign-in. Sign in first."))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page that says what was refused and why; None leaves other exceptions to Django."""
        if isinstance(error, errors.IpamError):
            return self._page(error, request)
        outage = outages.explain(error)
        return None if outage is None else self._page(outage)

    def _page(self, problem: errors.IpamError, request: HttpRequest | None = None) -> HttpResponse:
        """Without a request the page is a bare one, which needs neither the database nor what was sent."""
        status = STATUS.get(problem.code, 400)
        page = render_to_string("problem.html", {"problem": problem, "status": status}, request)
        return HttpResponse(page, status=status)
