"""The forms that make and change a webhook endpoint."""

from dataclasses import asdict
from typing import Any

from django import forms

from dashboards.forms.lines import MONO, PinsField
from dashboards.forms.places import PlaceForm
from edgeops.webhooks import definitions, pins
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.endpoints import Bounds
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.recipes import Recipe
from edgeops.webhooks.rules import NewRule
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import ConfigError, SecretError

SECRET: dict[str, Any] = {
    "required": False,
    "max_length": 500,
    "label": "Secret",
    "widget": forms.TextInput(attrs=MONO),
    "help_text": "Where the sender has made one, as Stripe and Shopify do. Empty: EdgeOps makes one and shows it once.",
}


def check_pins(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pins the domain takes."""
    try:
        return pins.check(given)
    except ConfigError as error:
        raise forms.ValidationError(str(error)) from error


def check_secret(scheme: str, given: str) -> str:
    """A secret with which posts can be verified; empty stays empty."""
    try:
        return known.get(scheme).check_secret(given) if given else ""
    except SecretError as error:
        raise forms.ValidationError(str(error)) from error


class EndpointForm(PlaceForm):
    """A new endpoint of a scheme; a recipe brings its rules, otherwise there may be a first one: event → items."""

    field_order = ("name", "distribution", "tenant")
    name = forms.CharField(max_length=100, help_text="Who sends: as “product catalogue”.")
    pins = PinsField(
        help_text="What every event has to hold, one a line: body.repository.full_name = acme/site, acme/docs. "
        "A header that nobody signs proves nothing."
    )
    secret = forms.CharField(**SECRET)
    event_type = forms.CharField(
        required=False,
        max_length=100,
        label="Event",
        help_text="The body's type, exactly: as product.updated.",
        widget=forms.TextInput(attrs=MONO),
    )
    paths = forms.CharField(
        required=False,
        label="Paths it invalidates",
        widget=forms.Textarea(attrs={"rows": 4, **MONO}),
        help_text="One a line. {id} is filled with the field id of the event's data, one path segment: /products/{id}. "
        "A cache tag is written as #product:{id:tag}. Other rules are added once the endpoint is there.",
    )

    def __init__(self, *args: Any, scheme: str, recipe: Recipe | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme, self.recipe = scheme, recipe
        if recipe is not None or scheme != "standard":
            del self.fields["event_type"], self.fields["paths"]
        if not known.get(scheme).HAS_SECRET:
            del self.fields["secret"]

    def clean_name(self) -> str:
        """A name is taken once."""
        name: str = self.cleaned_data["name"]
        if Endpoint.objects.existing().filter(name=name).exists():
            raise forms.ValidationError("There is an endpoint of this name already; take another name.")
        return name

    def clean_pins(self) -> list[dict[str, Any]]:
        """Pins the domain takes."""
        return check_pins(self.cleaned_data["pins"])

    def clean_secret(self) -> str:
        """A secret with which posts can be verified."""
        return check_secret(self.scheme, self.cleaned_data["secret"])

    def clean(self) -> dict[str, Any]:
        """The rule that event and paths make, checked."""
        wish = self.cleaned_data
        if wish.get("event_type") or wish.get("paths"):
            try:
                wish["definition"] = definitions.check(self._definition())
            except DefinitionError as error:
                self.add_error("paths", str(error))
        return wish

    def _definition(self) -> Definition:
        lines = [line.strip() for line in self.cleaned_data.get("paths", "").split("\n") if line.strip()]
        return definitions.for_event(self.cleaned_data.get("event_type", ""), lines)

    @property
    def rules(self) -> list[NewRule]:
        """What the endpoint starts with; only of a valid form."""
        if self.recipe is not None:
            return list(self.recipe.rules)
        wish = self.cleaned_data
        return [NewRule(wish["event_type"] or "first rule", wish["definition"])] if "definition" in wish else []


class BoundsForm(forms.Form):
    """What an endpoint takes in, and what each event has to hold."""

    pins = PinsField(help_text="One a line: body.repository.full_name = acme/site, acme/docs.")
    tolerance_seconds = forms.IntegerField(
        required=False,
        label="Signed time, seconds from now at most",
        help_text="Both ways. Empty: as the scheme says.",
    )
    max_bytes = forms.IntegerField(label="Largest body, bytes")
    max_per_minute = forms.IntegerField(label="Posts a minute")
    max_per_minute_and_address = forms.IntegerField(label="Posts a minute from one address")
    replay_budget = forms.IntegerField(
        label="Repeats of one body an hour",
        help_text="Where nobody signs the message's id: how often it may come again.",
    )

    def __init__(self, *args: Any, endpoint: Endpoint, **kwargs: Any) -> None:
        held = {**asdict(Bounds.of(endpoint)), "pins": endpoint.pins}
        super().__init__(*args, **{"initial": held, **kwargs})

    def clean_pins(self) -> list[dict[str, Any]]:
        """Pins the domain takes."""
        return check_pins(self.cleaned_data["pins"])

    @property
    def bounds(self) -> Bounds:
        """As typed; only of a valid form."""
        return Bounds(**{name: self.cleaned_data[name] for name in Bounds.__dataclass_fields__})


class SecretForm(forms.Form):
    """A new secret, the sender's own where it has one."""

    secret = forms.CharField(**SECRET)
    ends_others = forms.BooleanField(
        required=False,
        label="A secret leaked: end the others at once",
        help_text="Posts signed with them are refused from then on. Otherwise they are taken for 24 hours more.",
    )

    def __init__(self, *args: Any, scheme: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme = scheme

    def clean_secret(self) -> str:
        """A secret with which posts can be verified."""
        return check_secret(self.scheme, self.cleaned_data["secret"])


class DeleteForm(forms.Form):
    """Deleting an endpoint, its name typed to confirm."""

    confirm = forms.CharField(label="Name of the endpoint", widget=forms.TextInput(attrs=MONO))

    def __init__(self, *args: Any, endpoint: Endpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.endpoint = endpoint
        self.fields["confirm"].help_text = f"Type {endpoint.name} to delete it."

    def clean_confirm(self) -> str:
        """Exactly its name."""
        typed: str = self.cleaned_data["confirm"]
        if typed != self.endpoint.name:
            raise forms.ValidationError(f"That is not its name. To delete this endpoint, type {self.endpoint.name}.")
        return typed
