"""How a form says what the domain refuses."""

from collections.abc import Sequence

from django import forms

from ipam import errors
from ipam.addressing import Family


def tell(form: forms.BaseForm, refused: Sequence[errors.IpamError]) -> None:
    """Let each refusal stand at its field, or above all fields; of many the first, and how many more there are.

    A form that asks for one thing of a list says by `stands_for` which of its fields that is.
    """
    for error in refused[: errors.MAX_TOLD]:
        form.add_error(_field_of(form, error), error.detail)
    if (more := len(refused) - errors.MAX_TOLD) > 0:
        form.add_error(None, f"And {more:,} more problems.")


def _field_of(form: forms.BaseForm, error: errors.IpamError) -> str | None:
    """The field of a refusal: a list as a whole; of what has a field a family, that which the sentence is about."""
    one_of: dict[str, str] = getattr(form, "stands_for", {})
    names = [one_of.get(name, name) for name in error.field.split(".")]
    if found := next((name for name in (names[0], names[-1]) if name in form.fields), None):
        return found
    per_family = {f"{names[0]}_{family.key}": family for family in Family}
    for name, family in per_family.items():
        typed = form.data.get(name)
        if name in form.fields and (family.label in error.detail or (typed and typed in error.detail)):
            return name
    return None
