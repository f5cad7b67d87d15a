"""How a form says what the domain refuses."""

from collections.abc import Sequence

from django import forms

from ipam import errors


def tell(form: forms.BaseForm, refused: Sequence[errors.IpamError]) -> None:
    """Let each refusal stand at its field, or above all fields; of many the first, and how many more there are.

    A form that asks for one thing of a list says by `stands_for` which of its fields that is.
    """
    one_of = getattr(form, "stands_for", {})
    for error in refused[: errors.MAX_TOLD]:
        names = [one_of.get(name, name) for name in error.field.split(".")]
        field = next((name for name in (names[0], names[-1]) if name in form.fields), None)  # of a list as a whole
        form.add_error(field, error.detail)
    if (more := len(refused) - errors.MAX_TOLD) > 0:
        form.add_error(None, f"And {more:,} more problems.")
