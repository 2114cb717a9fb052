"""The form of a webhook rule, and of the event to try it on."""

import json
from typing import Any

from django import forms

from dashboards.forms.lines import MONO, LinesField
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import bodies, definitions, trying
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.models import WebhookDelivery
from edgeops.webhooks.payloads import PayloadError
from edgeops.webhooks.trying import Document

DELIVERIES_OFFERED = 20


def _expression(rows: int = 2, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, **MONO})
    return forms.CharField(**{"required": False, "max_length": 1_000, "widget": widget, **more})


class RuleForm(forms.Form):
    """What a rule says; the domain checks it."""

    name = forms.CharField(max_length=100, help_text="Invalidations and charts name it.")
    when = _expression(
        label="When",
        help_text="A JMESPath condition over headers and body, as body.type == 'product.updated'. Empty: always.",
    )
    select = _expression(
        label="Select", initial="body", help_text="A JMESPath that finds the objects to make items of, as body.data."
    )
    items = LinesField(
        rows=4,
        label="Items",
        help_text="One a line: /products/{id}, /docs/{@:path}, #product:{id:tag}. A value becomes one path segment.",
    )
    optional = LinesField(label="Optional items", help_text="Left out for an object that lacks a field they name.")
    ceiling = _expression(1, label="Ceiling", help_text="Nothing wider can come out: /products/*.")
    max_items = forms.IntegerField(
        required=False, label="Most items of one event", help_text="Above that the ceiling is invalidated instead."
    )
    not_before_seconds = forms.IntegerField(
        required=False, initial=0, label="Wait, seconds", help_text="Lets the origin commit first."
    )
    unwrap = _expression(1, label="Unwrap", help_text="A JMESPath of a text that holds JSON, as body.Message of SNS.")

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition: Definition | None = None
        if not is_new:
            del self.fields["name"]

    def clean(self) -> dict[str, Any]:
        """The definition, or the domain's refusal beside its field."""
        cleaned = super().clean() or self.cleaned_data
        if {*self.errors} - {"name"}:
            return cleaned
        texts = {name: cleaned[name] for name in ("when", "select", "ceiling", "unwrap")}
        try:
            self.definition = definitions.check(
                Definition(
                    items=tuple(cleaned["items"]),
                    optional=tuple(cleaned["optional"]),
                    max_items=cleaned["max_items"],
                    not_before_seconds=cleaned["not_before_seconds"] or 0,
                    **texts,
                )
            )
        except DefinitionError as error:
            self.add_problem(error)
        return cleaned

    def add_problem(self, error: DefinitionError) -> None:
        """Beside the field to mend."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class DeliveryField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Deliveries by time, event and message."""

    def label_from_instance(self, obj: WebhookDelivery) -> str:
        """When, what, which."""
        return f"{obj.received_at:%Y-%m-%d %H:%M:%S} {obj.event_type} {obj.message_id or obj.pk}"


class EventForm(forms.Form):
    """The event a rule is tried on: a stored delivery, or what is pasted."""

    delivery = DeliveryField(
        WebhookDelivery.objects.none(),
        required=False,
        label="A delivery",
        empty_label="None: what is pasted below",
    )
    headers = forms.CharField(
        required=False,
        max_length=10_000,
        label="Or headers",
        help_text="One a line, as x-github-event: push.",
        widget=forms.Textarea(attrs={"rows": 2, **MONO}),
    )
    body = forms.CharField(
        required=False, strip=False, label="and a body", widget=forms.Textarea(attrs={"rows": 8, **MONO})
    )

    def __init__(self, *args: Any, endpoint_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document: Document | None = None
        kept = WebhookDelivery.objects.filter(endpoint=endpoint_id, is_control=False).exclude(encrypted_body="")
        newest = list(kept.order_by("-received_at").values_list("pk", flat=True)[:DELIVERIES_OFFERED])
        chosen = str(self.data.get("delivery") or self.initial.get("delivery") or "")
        more = [int(chosen)] if chosen.isascii() and chosen.isdigit() and len(chosen) < 15 else []
        field = self.fields["delivery"]
        assert isinstance(field, DeliveryField)  # noqa: S101 (declared above; narrows the type)
        field.queryset = kept.filter(pk__in=[*newest, *more]).order_by("-received_at")

    def clean(self) -> dict[str, Any]:
        """Read the event, or say why it cannot be."""
        cleaned = super().clean() or self.cleaned_data
        delivery: WebhookDelivery | None = cleaned.get("delivery")
        try:
            if delivery is not None:
                self.document = trying.read(delivery.headers, bodies.unseal(delivery.encrypted_body))
            elif cleaned.get("body", "").strip():
                self.document = trying.read(_headers(cleaned.get("headers", "")), cleaned["body"].encode())
        except (PayloadError, UnreadableSecretError, UnicodeEncodeError) as error:
            self.add_error("delivery" if delivery is not None else "body", str(error))
        return cleaned


def sample(event: Any) -> str:
    """An event as a person edits it."""
    return json.dumps(event, indent=2)


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.split("\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
