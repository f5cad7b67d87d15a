"""Where the page of a form opens."""

from django import forms, template

register = template.Library()
# A group of inputs, none of which is the field, and a yes, which is given after reading.
_LEFT_ALONE = (forms.RadioSelect, forms.MultiWidget, forms.CheckboxInput)


@register.simple_tag
def focus(form: forms.Form) -> str:
    """Let the first field have the focus when the page opens, or the first wrong one of a form that came back.

    For pages whose sole purpose is this form, for whoever has them read aloud hears nothing of what stands before it.
    """
    fields = [field for field in form.visible_fields() if field.errors or not form.is_bound]
    if fields and not isinstance(fields[0].field.widget, _LEFT_ALONE):
        fields[0].field.widget.attrs["autofocus"] = True
    return ""
