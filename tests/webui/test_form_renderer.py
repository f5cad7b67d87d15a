"""Inputs that are written without a template are what the templates would write."""

import re

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html

from webui.form_renderer import Renderer


class Everything(forms.Form):
    text = forms.CharField(initial="<\"&'>", help_text="help", max_length=9)
    number = forms.IntegerField(initial=0, min_value=1, required=False)
    ticked = forms.BooleanField(initial=True)
    hidden = forms.CharField(widget=forms.HiddenInput, initial="x", disabled=True)
    password = forms.CharField(widget=forms.PasswordInput)
    titled = forms.CharField(widget=forms.TextInput({"title": format_html("of {}", "A & B")}))
    choice = forms.ChoiceField(choices=[("a", "A")])


@pytest.mark.parametrize("data", [None, {}, {"text": "long enough to be refused", "number": "0", "ticked": "on"}])
def test_form_is_the_same_as_by_templates(data: dict[str, str] | None) -> None:
    ours, theirs = (str(Everything(data, renderer=renderer)) for renderer in (Renderer(), TemplatesSetting()))
    assert re.sub(r"\s+", " ", ours) == re.sub(r"\s+", " ", theirs)
