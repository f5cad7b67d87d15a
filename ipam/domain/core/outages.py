"""What it means to whoever asked when the database fails: a refusal that says so and whether anything was kept.

Mistakes of ours (a wrong statement, a broken constraint without words) are no outages and stay what they are.
"""

import logging

from django.db import InterfaceError, InternalError, OperationalError
from psycopg_pool import PoolTimeout

from ipam import errors

_log = logging.getLogger(__name__)

_OUTAGES = (OperationalError, InterfaceError, InternalError)
# SQLSTATE (PostgreSQL manual, appendix A) or the name of SQLite's result code.
_CAUSES: dict[str, errors.IpamError] = {
    **dict.fromkeys(
        ["57014", "25P03"],  # query_canceled, idle_in_transaction_session_timeout
        errors.TimedOut(
            "This took longer than one request may. Nothing was changed. Ask for less, or use a command of manage.py."
        ),
    ),
    **dict.fromkeys(
        # lock_not_available; serialization_failure and deadlock_detected of a dry run, which is tried once
        ["55P03", "40001", "40P01", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT"],
        errors.Busy("Many requests want the same rows at this moment. Nothing was changed; send it again."),
    ),
    **dict.fromkeys(
        ["53100", "SQLITE_FULL"],  # disk_full
        errors.StorageFull("The disk of the database is full. Nothing was changed. Tell whoever runs Twofold."),
    ),
}
_NO_CONNECTION = errors.Busy("No connection to the database was to be had in time. Nothing was changed; send it again.")
_WITHOUT_SERVER = ("query_wait_timeout", "server_login_retry")  # what PgBouncer says before a transaction has begun
_ANYTHING_ELSE = errors.Unavailable(
    "The database does not answer at this moment. If this was to change something, it may have: send it again with the "
    "same Idempotency-Key, or look first."
)


class OutOfTime(OperationalError):
    """A request has used up its time. As an error of the database it undoes every transaction it passes."""


def explain(error: Exception) -> errors.IpamError | None:
    """The refusal that a failure of the database stands for, which is also logged; None for any other error."""
    if not isinstance(error, _OUTAGES):
        return None
    error = _first_of(error)
    _log.error("The database failed: %s: %s", type(error).__name__, error)
    if isinstance(error, OutOfTime):
        return _CAUSES["57014"]
    cause = error.__cause__
    if _never_began(cause) or any(words in str(error) for words in _WITHOUT_SERVER):
        return _NO_CONNECTION
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
    return _CAUSES.get(code, _ANYTHING_ELSE)


def _first_of(error: Exception) -> Exception:
    """The failure with which it began: only that one tells whether anything may have been kept.

    When a COMMIT fails, Django tidies up and connects anew, and where that fails too its failure is the one raised.
    """
    earlier = error.__context__
    while earlier:
        if isinstance(earlier, _OUTAGES):
            error = earlier
        earlier = earlier.__context__
    return error


def _never_began(cause: BaseException | None) -> bool:
    """Whether it failed before the first statement: in the pool's queue, or when connecting."""
    # psycopg sets `pgconn` for failed attempts to connect only.
    return isinstance(cause, PoolTimeout) or getattr(cause, "pgconn", None) is not None
