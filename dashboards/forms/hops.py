"""The hops of a path as a form: those discovery found, to keep and name, and those a person adds by hand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms

from dashboards.forms.lines import MONO
from edgeops.discovery import merging
from edgeops.estate.document import HopDoc
from edgeops.estate.models import HopKind

NAME_LENGTH, VALUE_LENGTH = 200, 255
MAX_POSITION = 20
EDGE_REGION = "us-east-1"
"""Where CloudWatch keeps what belongs to no region."""


@dataclass(frozen=True)
class Dimension:
    """A CloudWatch dimension as a person types it; `fixed` is its one value, where it has one."""

    name: str
    example: str = ""
    pattern: str = ".+"
    fixed: str = ""
    initial: str = ""
    is_optional: bool = False


LOAD_BALANCER = Dimension("LoadBalancer", "app/payments-alb/50dc6c495c0c9188", r"app/[^/]+/[0-9a-f]{16}")
STAGE = Dimension("Stage", "prod, or $default")
GLOBAL = Dimension("Region", fixed="Global")
# What AWS publishes each kind's metrics under; a kind without metrics has none.
DIMENSIONS: Mapping[HopKind, Sequence[Dimension]] = {
    HopKind.REST_API: (Dimension("ApiName", "payments-api, the API's name"), STAGE),
    HopKind.HTTP_API: (Dimension("ApiId", "p6q7r8s9t0, the API's id", r"[a-z0-9]{10}"), STAGE),
    HopKind.ALB: (LOAD_BALANCER,),
    HopKind.TARGET_GROUP: (
        Dimension("TargetGroup", "targetgroup/payments/73e2d6bc24d8a067", r"targetgroup/[^/]+/[0-9a-f]{16}"),
        LOAD_BALANCER,
    ),
    HopKind.LAMBDA: (Dimension("FunctionName", "payments-handler", r"[\w-]{1,140}"),),
    HopKind.WAF: (
        Dimension("WebACL", "PaymentsAcl, its metric name"),
        Dimension("Rule", "ALL, or a rule's metric name", initial="ALL"),
        Dimension("Region", "empty for a web ACL of CloudFront, else as eu-west-1", is_optional=True),
    ),
    HopKind.HEALTH_CHECK: (Dimension("HealthCheckId", "2b7c6e3a-8b2d-4d9a-9f7a-4c1a8d3e9f03", r"[0-9a-f-]{36}"),),
    HopKind.EDGE_FUNCTION: (Dimension("FunctionName", "payments-normalize-uri", r"[\w-]{1,64}"), GLOBAL),
    HopKind.S3: (),
    HopKind.CUSTOM_ORIGIN: (),
}
AT_THE_EDGE = (HopKind.WAF, HopKind.HEALTH_CHECK, HopKind.EDGE_FUNCTION)


class HopForm(forms.Form):
    """A hop that was found: kept or left out, and what it is called here."""

    keep = forms.BooleanField(required=False, initial=True)
    name = forms.CharField(max_length=NAME_LENGTH, required=False)

    def __init__(self, *args: Any, found: HopDoc, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        self.title = f"{HopKind(found.kind).label} {found.name}"
        self.fields["keep"].label = f"Keep {self.title}"
        self.fields["name"].label = f"Name of {self.title}"
        self.fields["name"].initial = found.name

    def clean_name(self) -> str:
        """What is left out needs no name."""
        return _name(self)

    def hop(self) -> HopDoc | None:
        """The hop as confirmed; None when it is left out."""
        if not self.cleaned_data["keep"]:
            return None
        name = self.cleaned_data["name"]
        if name == self.found.name:
            return self.found
        return replace(self.found, name=name, details={**self.found.details, merging.NAMED_BY_HAND: True})


class AddedHopForm(forms.Form):
    """A hop discovery did not find: its kind's dimensions are asked one by one."""

    keep = forms.BooleanField(required=False, initial=True)
    name = forms.CharField(max_length=NAME_LENGTH, required=False, help_text="As the page of the API shows it.")
    region = forms.RegexField(
        r"^[a-z]{2}(-[a-z]+)+-[0-9]$",
        max_length=30,
        required=False,
        error_messages={"invalid": "Regions are named like eu-west-1."},
    )
    position = forms.IntegerField(
        label="Column",
        min_value=0,
        max_value=MAX_POSITION,
        required=False,
        help_text="On the path, 0 at the viewer's side.",
    )

    def __init__(self, *args: Any, kind: HopKind, region: str, position: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.title = kind.label
        self.fields["keep"].label = f"Keep this {kind.label}"
        self.fields["region"].initial = EDGE_REGION if kind in AT_THE_EDGE else region
        self.fields["position"].initial = position
        for one in DIMENSIONS[kind]:
            if not one.fixed:
                self.fields[one.name] = forms.CharField(
                    max_length=VALUE_LENGTH,
                    required=False,
                    label=one.name,
                    initial=one.initial,
                    help_text=f"As {one.example}.",
                    widget=forms.TextInput(attrs=MONO),
                )

    def clean_name(self) -> str:
        """What is left out needs no name."""
        return _name(self)

    def clean(self) -> dict[str, Any]:
        """A hop that is kept needs its region, its column and each of its dimensions as AWS writes it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("keep"):
            for name in ("region", "position"):
                if name not in self.errors and cleaned.get(name) in {None, ""}:
                    self.add_error(name, "Say which.")
            for one in DIMENSIONS[self.kind]:
                self._check(one, cleaned.get(one.name, ""))
        return cleaned

    def _check(self, one: Dimension, value: str) -> None:
        if one.fixed or one.name in self.errors or (one.is_optional and not value):
            return
        if not re.fullmatch(one.pattern, value):
            reason = "This is an ARN, which CloudWatch does not know. " if value.startswith("arn:") else ""
            self.add_error(one.name, f"{reason}Its metrics stand under {one.name} as {one.example}.")

    def hop(self) -> HopDoc | None:
        """The hop as typed; None when it is left out."""
        typed = self.cleaned_data
        if not typed["keep"]:
            return None
        values = {one.name: one.fixed or typed[one.name] for one in DIMENSIONS[self.kind]}
        return HopDoc(
            kind=self.kind.value,
            name=typed["name"],
            region=typed["region"],
            position=typed["position"],
            dimensions={name: value for name, value in values.items() if value},
            details={merging.ADDED_BY_HAND: True},
        )


def _name(form: forms.Form) -> str:
    name: str = form.cleaned_data["name"]
    if form.cleaned_data.get("keep") and not name:
        raise forms.ValidationError("A hop that is kept needs a name.")
    return name
