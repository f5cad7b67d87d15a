"""Not rules, but what is there already, who asks, and what the world allows at this moment."""

from collections.abc import Mapping

from ipam.errors.base import IpamError


class AlreadyExists(IpamError):
    code, title = "already_exists", "The id is taken"


class HasChildren(IpamError):
    code, title = "has_children", "Child networks are in the way"


class HasIps(IpamError):
    code, title = "has_ips", "Addresses are in the way"


class HasMachines(IpamError):
    code, title = "has_machines", "Machines are in the way"


class InUse(IpamError):
    code, title = "in_use", "It is in use"


class ManagedElsewhere(IpamError):
    code, title = "managed_elsewhere", "Another system owns it"


class QuotaExceeded(IpamError):
    """The project would have more than an operator has set for it; `quota` says which one, as numbers."""

    code, title = "quota_exceeded", "The quota of the project is used up"

    def __init__(self, detail: str, *, quota: Mapping[str, object] | None = None, field: str = "") -> None:
        super().__init__(detail, field=field)
        self.quota = quota


class NotAuthenticated(IpamError):
    code, title = "not_authenticated", "We do not know who you are"


class PermissionDenied(IpamError):
    code, title = "permission_denied", "You may not do this"


class Stale(IpamError):
    code, title = "stale", "Somebody else was first"


class CursorExpired(IpamError):
    code, title = "cursor_expired", "The cursor is too old"


class IdempotencyKeyReused(IpamError):
    code, title = "idempotency_key_reused", "The key belongs to another request"


class TooLarge(IpamError):
    code, title = "too_large", "The request is too large"


class TimedOut(IpamError):
    code, title = "timed_out", "It took too long"


class StorageFull(IpamError):
    code, title = "storage_full", "The disk is full"


class Unavailable(IpamError):
    """The database is away; whether a write that was under way has happened is not known."""

    code, title = "unavailable", "The database does not answer"


class UndoExpired(IpamError):
    code, title = "undo_expired", "It is too late to undo this"


class AlreadyUndone(IpamError):
    code, title = "already_undone", "It has been undone already"


class NotUndoable(IpamError):
    code, title = "not_undoable", "This cannot be undone"


class ChangedSince(IpamError):
    code, title = "changed_since", "It has changed since"
