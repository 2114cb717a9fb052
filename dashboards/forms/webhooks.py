"""The form that makes a webhook endpoint."""

from typing import Any

from django import forms

from dashboards.forms.cache import MONO
from edgeops.estate.models import Distribution
from edgeops.webhooks import definitions
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.models import Endpoint


class EndpointForm(forms.Form):
    """An endpoint with its first rule: this event → these paths."""

    name = forms.CharField(max_length=100, help_text="Who sends: as “product catalogue”.")
    distribution = forms.ModelChoiceField(Distribution.objects.order_by("name"))
    event_type = forms.CharField(
        max_length=100,
        label="Event",
        help_text="The body's type, exactly: as product.updated.",
        widget=forms.TextInput(attrs=MONO),
    )
    paths = forms.CharField(
        label="Paths it invalidates",
        widget=forms.Textarea(attrs={"rows": 4, **MONO}),
        help_text="One a line. {id} is filled with the field id of the event's data, one path segment: /products/{id}. "
        "A cache tag is written as #product:{id:tag}.",
    )

    def clean_name(self) -> str:
        """A name is taken once."""
        name: str = self.cleaned_data["name"]
        if Endpoint.objects.existing().filter(name=name).exists():
            raise forms.ValidationError("There is an endpoint of this name already; take another name.")
        return name

    def clean(self) -> dict[str, Any]:
        """The rule that event and paths make, checked."""
        wish = self.cleaned_data
        if "event_type" in wish and "paths" in wish:
            try:
                wish["definition"] = definitions.check(self._definition())
            except DefinitionError as error:
                self.add_error("paths", str(error))
        return wish

    def _definition(self) -> Definition:
        lines = [line.strip() for line in self.cleaned_data["paths"].split("\n") if line.strip()]
        return definitions.for_event(self.cleaned_data["event_type"], lines)
