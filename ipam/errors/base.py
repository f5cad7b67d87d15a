"""What every refusal has, and several of them as one."""

from collections.abc import Sequence

from ipam.wording import count_of

MAX_TOLD = 100  # problems that one answer names; it counts the rest


class IpamError(Exception):
    """A refusal. Nothing of the operation that raised it is kept.

    `field` names the input that it is about, in the words of the API, or is empty. `nearest` is the prefix that
    would do instead, where that is known.
    """

    code = "invalid"
    title = "The request is not valid"
    nearest = ""

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field

    @property
    def errors(self) -> Sequence["IpamError"]:
        """Every single refusal; more than one only for `Several`."""
        return (self,)


class Several(IpamError):
    """Several broken rules, reported together; it goes by the code of the first."""

    def __init__(self, errors: Sequence[IpamError]) -> None:
        first = errors[0]
        sentences = list(dict.fromkeys(error.detail for error in errors[:MAX_TOLD]))
        if (more := len(errors) - MAX_TOLD) > 0:
            sentences.append(f"And {count_of(more, 'more problem')}.")
        super().__init__(" ".join(sentences), field=first.field)
        self.code = first.code
        self.title = first.title
        self._errors = tuple(errors)

    @property
    def errors(self) -> Sequence[IpamError]:
        return self._errors


def raise_all(errors: Sequence[IpamError]) -> None:
    """Raise what was collected: nothing, the one error, or all of them together; `Busy` alone, as it is tried again."""
    errors = [error for error in errors if isinstance(error, Busy)][:1] or errors
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Several(errors)


class Busy(IpamError):
    """Others held the same rows for too long; the same request may be sent again."""

    code, title = "busy", "Too busy, try again"
