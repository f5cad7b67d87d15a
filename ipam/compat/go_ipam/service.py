"""go-ipam's service as a WSGI application: who acts, and which code of Connect's a refusal is."""

import logging
import uuid
from collections.abc import Callable, Mapping
from functools import cache

from django.contrib.auth.models import User

from ipam import errors
from ipam.compat import service_accounts
from ipam.compat.go_ipam import calls, dumps, wire
from ipam.compat.go_ipam.messages import Value
from ipam.compat.go_ipam.wire import Refused
from ipam.domain.core import context, outages
from ipam.models.events import Door
from ipam.models.roles import Role

ACCOUNT = "go-ipam"
_log = logging.getLogger(__name__)
_CALLS: Mapping[str, Callable[[Value], Value]] = {
    "CreatePrefix": calls.create_prefix,
    "DeletePrefix": calls.delete_prefix,
    "GetPrefix": calls.get_prefix,
    "ListPrefixes": calls.list_prefixes,
    "PrefixUsage": calls.prefix_usage,
    "AcquireChildPrefix": calls.acquire_child_prefix,
    "ReleaseChildPrefix": calls.release_child_prefix,
    "AcquireIP": calls.acquire_ip,
    "ReleaseIP": calls.release_ip,
    "Dump": dumps.dump,
    "Load": dumps.load,
    "CreateNamespace": calls.create_namespace,
    "ListNamespaces": calls.list_namespaces,
    "DeleteNamespace": calls.delete_namespace,
    "Version": calls.show_version,
}
# As go-ipam's own service has it: of all that is refused these alone are more than an invalid argument.
_CODES = {
    "not_found": "not_found",
    "permission_denied": "permission_denied",
    "too_large": "resource_exhausted",
    "storage_full": "unavailable",
    **dict.fromkeys(["busy", "timed_out", "unavailable"], "unavailable"),
}
_CODES_OF_CALLS = {
    "AcquireIP": {
        "not_found": "invalid_argument",  # the prefix
        "exhausted": "not_found",
        **dict.fromkeys(["already_allocated", "reserved_address"], "already_exists"),
    },
    "AcquireChildPrefix": {"not_found": "invalid_argument"},
}


def answer(name: str, given: Value) -> Value:
    """Answer one call as the service account; Refused."""
    try:
        with context.as_caller(cache(lambda: (_account(), None)), door=Door.GO_IPAM, request_id=uuid.uuid4().hex):
            return _CALLS[name](given)
    except Exception as error:
        refusal = outages.explain(error) or error
        if isinstance(refusal, errors.IpamError):
            code = (_CODES | _CODES_OF_CALLS.get(name, {})).get(refusal.code, "invalid_argument")
            raise Refused(code, refusal.detail) from error
        _log.exception("%s failed", name)
        raise Refused("internal", "Something is wrong here. Nothing was changed; the log says what.") from error


def _account() -> User:
    account = service_accounts.find(ACCOUNT, Role.OPERATOR)
    if not account.is_active:
        raise errors.PermissionDenied(f"The account {ACCOUNT} is switched off here. Ask an operator.")
    return account


application = wire.application(answer)
