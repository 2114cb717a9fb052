"""The name that is typed to confirm a removal."""

from typing import Any

from django import forms

from dashboards.forms.lines import MONO


class RemoveForm(forms.Form):
    """Removing a `kind` of thing, as "account", its name typed to confirm."""

    confirm = forms.CharField(widget=forms.TextInput(attrs=MONO))

    def __init__(self, *args: Any, kind: str, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.name = kind, name
        self.fields["confirm"].label = f"Name of the {kind}"
        self.fields["confirm"].help_text = f"Type {name} to remove it from EdgeOps."

    def clean_confirm(self) -> str:
        """Exactly its name."""
        typed: str = self.cleaned_data["confirm"]
        if typed != self.name:
            raise forms.ValidationError(f"That is not its name. To remove this {self.kind}, type {self.name}.")
        return typed
