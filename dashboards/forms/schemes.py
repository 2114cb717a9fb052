"""How an endpoint's posts are proven, as fields: one small form a scheme, none for schemes without settings."""

from collections.abc import Mapping
from typing import Any

from django import forms

from dashboards.forms.lines import MONO, LinesField
from edgeops.webhooks.schemes import described, known
from edgeops.webhooks.schemes.seam import ConfigError

TEXT: dict[str, Any] = {"required": False, "max_length": 200, "strip": False}


def _text(**more: Any) -> forms.CharField:
    return forms.CharField(**{**TEXT, "widget": forms.TextInput(attrs=MONO), **more})


def _choice(values: tuple[str, ...], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[(one, one) for one in values], required=False, **more)


class SchemeForm(forms.Form):
    """The settings of a scheme; this one has none. The domain checks what is typed."""

    scheme = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "config", **kwargs})
        self.config: Mapping[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        """The settings as they are stored, or the domain's refusal beside its field."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            given = {name: value for name, value in cleaned.items() if value not in ("", [])}
            try:
                self.config = known.get(self.scheme).check_config(given)
            except ConfigError as error:
                field = str(error).split(" ", 1)[0]
                self.add_error(field if field in self.fields else None, str(error))
        return cleaned


class StandardForm(SchemeForm):
    """Which names the three headers have."""

    headers = _choice(("webhook", "svix"), label="Headers", help_text="svix for senders that name them svix-….")


class SnsForm(SchemeForm):
    """Which topics are taken."""

    topic_arns = LinesField(label="Topics", help_text="One ARN a line: arn:aws:sns:eu-west-1:123456789012:changes.")


class TokenForm(SchemeForm):
    """Where the token stands."""

    header = _text(label="Header", initial="x-api-key", help_text="As x-api-key, or authorization.")
    prefix = _text(  # type: ignore[assignment]  # fields are taken off the class; its prefix stays
        label="Text before the token", help_text="As “Bearer ”, with its space."
    )
    id_header = _text(label="Header of the message's id", help_text="Where the sender has one.")


class DescribedForm(SchemeForm):
    """How a sender signs with HMAC."""

    header = _text(label="Header of the signature", initial="x-webhook-signature")
    digest = _choice(described.DIGESTS, label="Digest")
    encoding = _choice(described.ENCODINGS, label="Encoding")
    prefix = _text(  # type: ignore[assignment]  # as above
        label="Text before the signature", help_text="As sha256=."
    )
    signed = _text(
        label="What is signed",
        initial="{body}",
        help_text="{body} once, with {id}, {timestamp}, {method}, {path} or {headers}: as {timestamp}.{body}.",
        widget=forms.Textarea(attrs={"rows": 2, **MONO}),
    )
    id_header = _text(label="Header of the message's id")
    timestamp_header = _text(label="Header of the time")
    timestamp_unit = _choice(described.UNITS, label="Unit of the time")
    signature_field = _text(label="Field of the signature", help_text="Where the header is a list, t=…,v1=…: v1.")
    timestamp_field = _text(label="Field of the time", help_text="There: t.")
    headers_header = _text(label="Header that lists the signed headers", help_text="It has to list itself too.")

    def clean_signed(self) -> str:
        """Line ends as senders sign them; a browser sends others."""
        return str(self.cleaned_data["signed"]).replace("\r\n", "\n")


SCHEME_FORMS: Mapping[str, type[SchemeForm]] = {
    "standard": StandardForm,
    "sns": SnsForm,
    "token": TokenForm,
    "hmac": DescribedForm,
}


def form_of(scheme: str, data: Mapping[str, Any] | None, config: Mapping[str, Any]) -> SchemeForm:
    """The form of a scheme, filled with a config."""
    form = SCHEME_FORMS.get(scheme, SchemeForm)(data, initial=config)
    form.scheme = scheme
    return form
