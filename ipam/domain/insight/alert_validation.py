"""What an alert rule, a snooze and a destination have to be, in sentences for people."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model
from django.utils import timezone

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import lookups
from ipam.labels import LABEL_LENGTH
from ipam.models import AlertRule, Network, Partition, Project
from ipam.models.alerts import REASON_LENGTH, SHARES, Watch
from ipam.models.base import NAME_LENGTH
from ipam.models.findings import CODES
from ipam.models.networks import NetworkType

MAX_DESTINATIONS, MAX_SNOOZE = 20, timedelta(days=365)
SCOPE_MODELS: dict[str, type[Model]] = {"partition": Partition, "project": Project, "network": Network}
_ALL, _WHOLE = Decimal(100), Decimal(1)


def check(rule: AlertRule, webhooks: int, *, is_placed: bool = False) -> None:
    """Raise everything that is wrong with a rule that tells so many webhooks; the names in its scope become ids.

    One that `is_placed` keeps its scope and family: what it names may have gone, and is in the way of no other change.
    """
    found = [*_violations_of_thresholds(rule), *(() if is_placed else _violations_of_place(rule))]
    if len(rule.mails) + webhooks > MAX_DESTINATIONS:
        found.append(errors.Invalid(f"A rule has at most {MAX_DESTINATIONS} destinations.", field="destinations"))
    for number, mail in enumerate(rule.mails):
        found += _violations_of_mail(mail, f"destinations.{number}.mail")
    errors.raise_all(found)


def _violations_of_thresholds(rule: AlertRule) -> Iterator[errors.IpamError]:
    """A finding has a code; all else fires and clears, where it clears being better."""
    given = {name: value for name in ("fire", "clear") if (value := getattr(rule, name)) is not None}
    if rule.watch == Watch.FINDING:
        if rule.code not in CODES:
            known = ", ".join(sorted(CODES))
            yield errors.Invalid(f"There is no finding “{shorten(rule.code)}”. Known: {known}.", field="code")
        for name in given:
            yield errors.ForbiddenField("A finding is there or not: leave this out.", field=name)
        return
    if rule.code:
        yield errors.ForbiddenField("Only a rule on findings has a code.", field="code")
    for name in ("fire", "clear"):
        if name not in given:
            yield errors.Required(f"Say at which value the rule {name}s.", field=name)
        elif given[name] < 0 or (rule.watch in SHARES and given[name] > _ALL):
            bound = "0 to 100 percent, or a share up to 1" if rule.watch in SHARES else "0 or more"
            yield errors.Invalid(f"Write {bound}.", field=name)
    if len(given) == 2:
        yield from _violations_of_order(rule.watch, given["fire"], given["clear"])


def _violations_of_order(watch: str, fire: Decimal, clear: Decimal) -> Iterator[errors.IpamError]:
    if watch in SHARES and fire > _WHOLE > clear > 0:
        yield errors.Invalid("Write both as percent, or both as shares up to 1.", field="clear")
    elif watch in SHARES and clear >= fire:
        yield errors.Invalid(f"It fires at {fire:f} and above, so it has to clear below that.", field="clear")
    elif watch not in SHARES and clear <= fire:
        yield errors.Invalid(f"It fires at {fire:f} and below, so it has to clear above that.", field="clear")


def _violations_of_place(rule: AlertRule) -> Iterator[errors.IpamError]:
    """A pool is nowhere and of no family; what a scope names is there."""
    if rule.watch == Watch.POOL:
        if rule.family is not None:
            yield errors.ForbiddenField("A pool of numbers has no family.", field="address_family")
        if rule.scope:
            yield errors.ForbiddenField("A pool of numbers is in no network: leave the scope out.", field="scope")
        return
    scope = dict(rule.scope)
    for name, text in rule.scope.items():
        field = f"scope.{name}"
        if name in SCOPE_MODELS:
            try:
                scope[name] = str(lookups.named(SCOPE_MODELS[name], text, field=field).pk)
            except errors.IpamError as error:
                yield error
        elif name == "type" and text not in NetworkType.values:
            yield errors.Invalid(f"A type is one of {', '.join(NetworkType.values)}.", field=field)
        elif name == "label" and not 0 < len(text) <= LABEL_LENGTH:
            yield errors.Invalid(f"A label is a key, or key=value, of at most {LABEL_LENGTH} characters.", field=field)
    rule.scope = scope


def check_mail(address: str, field: str) -> None:
    """Invalid for what is no address of mail."""
    errors.raise_all(list(_violations_of_mail(address, field)))


def _violations_of_mail(address: str, field: str) -> Iterator[errors.IpamError]:
    try:
        validate_email(address)
    except ValidationError:
        yield errors.Invalid(f"“{shorten(address)}” is no address of mail.", field=field)
    else:
        if len(address) > NAME_LENGTH:
            yield errors.Invalid(f"An address of mail has at most {NAME_LENGTH} characters.", field=field)


def check_reason(reason: str) -> None:
    """Required for an empty one, for others ask later why; Invalid for one of more than 500 characters."""
    if not reason.strip():
        raise errors.Required("Say why, for those who ask later.", field="reason")
    if len(reason) > REASON_LENGTH:
        raise errors.Invalid(f"A reason has at most {REASON_LENGTH} characters.", field="reason")


def check_until(until: datetime, reason: str) -> None:
    """A snooze ends in the future, within a year, and has a reason."""
    now = timezone.now()
    if not now < until <= now + MAX_SNOOZE:
        raise errors.Invalid("Choose a time in the future, at most a year away.", field="until")
    check_reason(reason)
