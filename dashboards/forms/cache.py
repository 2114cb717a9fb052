"""The form that asks for an invalidation, and the one with which a second person decides on it."""

import uuid
from typing import Any

from django import forms

from dashboards.forms.lines import MONO
from dashboards.forms.places import PlaceForm
from edgeops.estate.models import Distribution
from edgeops.invalidations import freezing, items, scope, sites
from edgeops.invalidations.asking import EverythingNotAllowedError, ScopeRefusedError
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.models import Policy, Priority
from edgeops.invalidations.scope import Scope
from edgeops.invalidations.site import ANYWHERE

MOMENT = "%Y-%m-%dT%H:%M"
PRIORITIES = (
    (Priority.NORMAL, "Normal: waits two seconds for others"),
    (Priority.URGENT, "Urgent: leaves at once, before all others"),
    (Priority.BULK, "Bulk: lets all others go first"),
)


def new_token() -> str:
    """Names one showing of the form, so that sending it twice is one request."""
    return uuid.uuid4().hex


class InvalidationForm(PlaceForm):
    """What to invalidate, where, why and when. It is sent once its preview was seen, which `seen` says by its digest.

    `/*` asks for the name of the distribution or tenant besides; who may ask for what is the distribution's policy.
    """

    paths = forms.CharField(
        label="Paths, wildcards and tags",
        widget=forms.Textarea(attrs={"rows": 8, **MONO}),
        strip=False,
        help_text="One a line, as viewers ask for them: /products/7, /products?page=2, or a URL of the distribution. "
        "A * as the last character covers everything that starts so; up to 15 of those and 3,000 lines. "
        "A cache tag is written as #product:7.",
    )
    reason = forms.CharField(
        max_length=500, help_text="Kept with the invalidation, on the charts and in the audit log."
    )
    ticket = forms.CharField(
        required=False, max_length=100, help_text="As SHOP-123, where there is one.", widget=forms.TextInput(attrs=MONO)
    )
    priority = forms.ChoiceField(choices=PRIORITIES, initial=Priority.NORMAL, required=False)
    not_before = forms.DateTimeField(
        required=False,
        label="Not before (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        help_text="So that the origin can change first. Empty: at once.",
    )
    confirm = forms.CharField(required=False, label="Name of the distribution", widget=forms.TextInput(attrs=MONO))
    token = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput, initial=new_token)

    def __init__(self, *args: Any, is_admin: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_admin = is_admin
        self.parsed: Parsed | None = None
        self.fields["confirm"].widget.attrs["form"] = "ask"
        if self.config is not None:
            self.fields["confirm"].label = "Name of the tenant"

    def clean_paths(self) -> str:
        """Read every line; what is wrong with each is shown beside the form."""
        text: str = self.cleaned_data["paths"]
        site = sites.of(self.place) if self.place is not None else ANYWHERE
        self.parsed = items.parse_many(text.split("\n"), site)
        for problem in self.parsed.problems:
            self.add_error("paths", problem)
        if self.parsed.errors:
            self.add_error("paths", f"{len(self.parsed.errors)} of the lines cannot be sent: see “What to change”.")
        return text

    def clean_priority(self) -> Priority:
        """Normal, unless somebody said otherwise."""
        return Priority(self.cleaned_data["priority"] or Priority.NORMAL)

    def clean(self) -> dict[str, Any]:
        """What reaches too far is refused; `/*` is confirmed by typing."""
        cleaned = super().clean() or self.cleaned_data
        distribution = cleaned.get("distribution")
        if self.parsed is None or distribution is None or "paths" in self.errors:
            return cleaned
        found = self.scope_in(distribution)
        if found.is_refused:
            everything = self.parsed.is_everything
            self.add_error("paths", str(EverythingNotAllowedError() if everything else ScopeRefusedError(found.words)))
        elif self.parsed.is_everything and self.is_seen and cleaned.get("confirm") != self.confirmed_by:
            kind = "distribution" if self.config is None else "tenant"
            self.fields["confirm"].widget.attrs["autofocus"] = True  # it may be far below the fold
            self.add_error("confirm", f"To invalidate everything, type the {kind}'s name: {self.confirmed_by}")
        return cleaned

    def scope_in(self, distribution: Distribution) -> Scope:
        """How far it reaches, by the distribution's policy."""
        assert self.parsed is not None  # noqa: S101 (asked once the lines are read)
        return scope.judge(self.parsed, Policy.of(distribution), is_admin=self.is_admin)

    @property
    def confirmed_by(self) -> str:
        """What is typed for `/*`: the name of what would be emptied."""
        return "" if self.place is None else self.place.name

    @property
    def digest(self) -> str:
        """Names what a preview shows: the place, the items and the priority."""
        if self.parsed is None:
            return ""
        named = (self.cleaned_data.get(name) for name in ("distribution", "tenant"))
        parts = [*(str(one.pk if one else "") for one in named), self.cleaned_data.get("priority", "")]
        return freezing.digest([*parts, *self.parsed.sent_forms])

    @property
    def is_seen(self) -> bool:
        """Whether the person has seen the preview of just this."""
        return bool(self.digest) and self.data.get("seen") == self.digest
