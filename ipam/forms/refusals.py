"""How a form says what the domain refuses."""

from collections.abc import Sequence

from django import forms

from ipam import errors


def tell(form: forms.BaseForm, refused: Sequence[errors.IpamError]) -> None:
    """Let each refusal stand at its field, or above all fields; of many the first, and how many more there are."""
    for error in refused[: errors.MAX_TOLD]:
        form.add_error(error.field if error.field in form.fields else None, error.detail)
    if (more := len(refused) - errors.MAX_TOLD) > 0:
        form.add_error(None, f"And {more:,} more problems.")
