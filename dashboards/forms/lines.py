"""Lists as people type them: one entry a line."""

from typing import Any

from django import forms

# For what is written exactly: nothing mends it, and it is shown letter by letter.
MONO = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, **MONO})
        super().__init__(**{"strip": False, "required": False, "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        """The lines that say something."""
        return [line.strip() for line in str(super().clean(value)).split("\n") if line.strip()]


class PinsField(LinesField):
    """Pins, each as `where = this, or that`."""

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        if isinstance(value, list | tuple):
            return "\n".join(f"{pin['at']} = {', '.join(pin['one_of'])}" for pin in value)
        return value

    def clean(self, value: Any) -> Any:
        """Pins as the domain takes them."""
        return [self._pin(line) for line in super().clean(value)]

    def _pin(self, line: str) -> dict[str, Any]:
        at, equals, values = line.rpartition(" = ")
        if not equals:
            raise forms.ValidationError(f"“{line[:80]}”: write it as body.repository.full_name = acme/site.")
        return {"at": at.strip(), "one_of": [one.strip() for one in values.split(",") if one.strip()]}
