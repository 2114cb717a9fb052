"""The form that makes a webhook endpoint."""

from django import forms

from dashboards.forms.cache import MONO
from edgeops.estate.models import Distribution
from edgeops.webhooks import path_templates
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.path_templates import TemplateError


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
        help_text="One a line. {id} is filled with the field id of the event's data, one path segment: /products/{id}.",
    )

    def clean_name(self) -> str:
        """A name is taken once."""
        name: str = self.cleaned_data["name"]
        if Endpoint.objects.existing().filter(name=name).exists():
            raise forms.ValidationError("There is an endpoint of this name already; take another name.")
        return name

    def clean_paths(self) -> list[str]:
        """The templates, checked."""
        lines = [line.strip() for line in self.cleaned_data["paths"].split("\n") if line.strip()]
        try:
            return path_templates.check_all(lines)
        except TemplateError as error:
            raise forms.ValidationError(str(error)) from error
