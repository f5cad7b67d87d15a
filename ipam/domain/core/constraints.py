"""A constraint that only the database could see broken, in words: the error of the vocabulary that it stands for."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import IntegrityError
from django.db.models import BaseConstraint, ProtectedError

from ipam import errors
from ipam.models.guards import DISJOINT, ID_ONCE

_FOREIGN_KEY, _UNIQUE = "23503", "23505"
BUSY = "Many requests want the same rows at this moment. Nothing was changed; send it again."


class LostRace(errors.Busy):
    """A rule that only the database could see broken, since somebody else moved meanwhile.

    Tried again, the ordinary check says so in words of its own; `lasting` is what is said where none does.
    """

    lasting: errors.IpamError


@contextmanager
def constraints_in_words() -> Iterator[None]:
    """A constraint that only the database could see broken is raised as the error that it stands for.

    It is around the transaction, since some are checked at its end. `Busy` says that somebody else may have moved.
    """
    try:
        yield
    except IntegrityError as error:
        raise _refusal(error) from error


def _refusal(error: IntegrityError) -> errors.IpamError:
    """The error of the vocabulary that a broken constraint stands for; the database error itself if none.

    A constraint with a sentence of its own says what lasts: some operations leave it to the database. All else has
    been checked before, so somebody moved meanwhile.
    """
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None)
    broken = getattr(getattr(cause, "diag", None), "constraint_name", None) or str(error)
    if any(guard in broken for guard in DISJOINT):
        return raced(
            errors.Overlap("Another request has just taken space that overlaps this. Look again, then choose.")
        )
    if "ipam_tenure" in broken and "since" in broken:  # as `tenures` has it
        return raced(errors.WrongProject("The network has just been moved. Look again, then choose.", field="network"))
    if ID_ONCE in broken:
        return _taken("id")
    for constraint in _constraints():
        if constraint.name in broken:
            return _error_class(constraint.violation_error_code)(str(constraint.violation_error_message))
    if sqlstate == _UNIQUE:
        return _taken("id" if broken.endswith("_pkey") else "")
    if isinstance(error, ProtectedError) or sqlstate == _FOREIGN_KEY or "FOREIGN KEY" in str(error):
        return errors.Busy(
            "Another request has just begun to use this, or removed what it needs. Nothing was changed; send it again."
        )
    raise error


def _taken(field: str) -> errors.Busy:
    return raced(errors.AlreadyExists("Another request has just taken this id. Choose another.", field=field))


def lasting_refusal(error: IntegrityError) -> errors.IpamError:
    """What a broken constraint says where nobody else can have moved, so that a further try would be in vain."""
    return lasting(_refusal(error))


def lasting(refusal: errors.IpamError) -> errors.IpamError:
    """What a refusal says where nothing is tried again: a lost race what it was about, any other itself."""
    return getattr(refusal, "lasting", refusal)


def raced(about: errors.IpamError) -> errors.Busy:
    """What is tried again, and lasts where that is in vain."""
    passing = LostRace(BUSY)
    passing.lasting = about
    return passing


def _constraints() -> Iterator[BaseConstraint]:
    for model in apps.get_app_config("ipam").get_models():
        yield from model._meta.constraints


def _error_class(code: str | None) -> type[errors.IpamError]:
    for cls in errors.IpamError.__subclasses__():
        if cls.code == code and cls is not errors.Several:
            return cls
    return errors.Invalid
