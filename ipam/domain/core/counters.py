"""What has happened in this process since it began, for Prometheus: changes that were kept, and refusals."""

from django.db import transaction
from prometheus_client import Counter

_CHANGES = Counter(
    "twofold_changes",
    "Objects that operations have changed; address and allocate: addresses.",
    ["kind", "verb"],
)
_REFUSALS = Counter("twofold_refusals", "Operations that were refused, by the code of the refusal.", ["code"])


def changed(kind: str, verb: str, count: int) -> None:
    """Count a change when its transaction is kept; that of a dry run, or undone, is not counted."""
    transaction.on_commit(lambda: _CHANGES.labels(kind, verb).inc(count))


def refused(code: str) -> None:
    """Count an operation that was refused."""
    _REFUSALS.labels(code).inc()
