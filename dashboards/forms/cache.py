"""The form that asks for an invalidation."""

import uuid
from typing import Any

from django import forms

from edgeops.estate.models import Distribution
from edgeops.invalidations import items, sites
from edgeops.invalidations.asking import EverythingNotAllowedError
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.site import ANYWHERE

MONO = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


def new_token() -> str:
    """Names one showing of the form, so that sending it twice is one request."""
    return uuid.uuid4().hex


class InvalidationForm(forms.Form):
    """Distribution, paths one a line, and why. Only an admin may send `/*`, with the distribution's name typed."""

    distribution = forms.ModelChoiceField(Distribution.objects.order_by("name"))
    paths = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8, **MONO}),
        strip=False,
        help_text="One a line, as viewers ask for them: /products/7, /products?page=2, or a URL of the distribution. "
        "A * as the last character covers everything that starts so; up to 15 of those and 3,000 lines.",
    )
    reason = forms.CharField(
        max_length=500, help_text="Kept with the invalidation, on the charts and in the audit log."
    )
    confirm = forms.CharField(
        required=False,
        label="Name of the distribution",
        help_text="Only for /*: type the distribution's name to empty all of it.",
        widget=forms.TextInput(attrs=MONO),
    )
    token = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput, initial=new_token)

    def __init__(self, *args: Any, is_admin: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_admin = is_admin
        self.parsed: Parsed | None = None
        if not is_admin:
            del self.fields["confirm"]

    def clean_paths(self) -> str:
        """Read every line; what is wrong with each is shown beside the form."""
        text: str = self.cleaned_data["paths"]
        distribution = self.cleaned_data.get("distribution")
        site = sites.of(distribution) if distribution is not None else ANYWHERE
        self.parsed = items.parse_many(text.split("\n"), site)
        for problem in self.parsed.problems:
            self.add_error("paths", problem)
        if self.parsed.errors:
            self.add_error("paths", f"{len(self.parsed.errors)} of the lines cannot be sent: see “What to change”.")
        return text

    def clean(self) -> dict[str, Any]:
        """`/*` asks for more than the rest."""
        cleaned = super().clean() or self.cleaned_data
        if self.parsed is not None and self.parsed.is_everything:
            self._check_everything(cleaned.get("distribution"), cleaned.get("confirm", ""))
        return cleaned

    def _check_everything(self, distribution: Distribution | None, confirm: str) -> None:
        if not self.is_admin:
            self.add_error("paths", str(EverythingNotAllowedError()))
        elif distribution is not None and confirm != distribution.name:
            self.add_error("confirm", f"To invalidate everything, type the distribution's name: {distribution.name}")
