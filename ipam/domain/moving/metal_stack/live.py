"""Reading a running metal-api: each list is one answer, taken as what `metalctl … list` prints."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from ipam import errors
from ipam.addressing import shorten

PATHS = ("partition", "project", "network", "ip", "machine")
_SECONDS = (10, 300)  # to connect, and between two parts of an answer: a large installation's list takes its time
_RETRIES = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=("GET",))


class Hmac(AuthBase):
    """metal-stack's sign-in: method and time, signed with a key that both sides know (metal-lib: security.HMACAuth)."""

    def __init__(self, key: str, kind: str = "Metal-View") -> None:
        self._key, self._kind = key, kind

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        date, salt = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), token_hex(12)
        signature = hmac.new(self._key.encode(), f"{date}{request.method}{salt}".encode(), sha256).hexdigest()
        request.headers.update({"X-Date": date, "X-Data-Salt": salt, "Authorization": f"{self._kind} {signature}"})
        return request


class Bearer(AuthBase):
    """A token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def base(url: str) -> str:
    """The address of a metal-api as it is asked, kept and shown: without a slash at its end.

    Invalid for what is none, or says who signs in.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise errors.Invalid(
            "The address of a metal-api begins with http:// or https:// and a host, and says no name or password: it "
            "is shown. The key goes into --hmac-env or --token-env."
        )
    return url.rstrip("/")


def lists(url: str, auth: AuthBase) -> Iterator[list[Any]]:
    """The lists of a metal-api at `url`, which ends before `/v1`: partitions, projects, networks, addresses, machines.

    Unavailable when one cannot be had, Invalid when an answer is no list, or as `base` has it.
    """
    url = base(url)
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no password that the environment happens to name
        session.auth = auth
        session.mount(url, HTTPAdapter(max_retries=_RETRIES))
        for path in PATHS:
            yield _get(session, f"{url}/v1/{path}")


def _get(session: requests.Session, address: str) -> list[Any]:
    try:
        answer = session.get(address, timeout=_SECONDS, allow_redirects=False)
        found = answer.json()
    except requests.RequestException as error:
        raise errors.Unavailable(f"{address} could not be read: {shorten(error, 300)}. Check the address.") from None
    if answer.status_code != requests.codes.ok:
        told = found.get("message", "") if isinstance(found, dict) else ""
        raise errors.Unavailable(
            f"{address} answers {answer.status_code}: {shorten(told, 300)}. Check key and address."
        )
    if not isinstance(found, list):
        raise errors.Invalid(f"{address} gives no list. The address ends before /v1.")
    return [as_written(one) for one in found]


def as_written(value: Any) -> Any:
    """As YAML would have it: all that is written in it is text, of which the reader of a field makes a value."""
    if isinstance(value, dict):
        return {key: as_written(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_written(one) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)
