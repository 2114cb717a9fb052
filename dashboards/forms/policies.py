"""The forms of a distribution's invalidation policy, of an account's quotas, of a suspension and of a stage's flush."""

from typing import Any

from django import forms

from dashboards.forms.cache import MOMENT
from dashboards.forms.lines import MONO, LinesField
from edgeops.estate.models import Hop
from edgeops.invalidations.models import Policy, QuotaProfile


class _RefusableForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A form whose domain refuses with “field: why”."""

    def add_problem(self, words: str) -> None:
        """Beside its field where that can be told."""
        field, _, why = words.partition(": ")
        known = field in self.fields
        self.add_error(field if known else None, why if known else words)


class PolicyForm(_RefusableForm):
    """Every rule of a distribution's policy."""

    ceilings = LinesField(
        label="Ceilings",
        help_text="The widest wildcards an operator or a webhook may ask for, one a line; none: any but /*.",
    )
    protected = LinesField(
        label="Protected patterns",
        help_text="Paths or wildcards that need an admin or an approval, and that no collapsed wildcard touches.",
    )

    class Meta:
        model = Policy
        labels = {
            "quiet_seconds": "Window closes after quiet of, seconds",
            "window_seconds": "Window closes at the latest after, seconds",
            "ceilings": "Ceilings",
            "protected": "Protected patterns",
            "collapse_threshold": "Collapse threshold, paths",
            "max_items": "Items in one request",
            "asks_approval": "A second person approves",
            "probes": "Probes",
            "double_tap_seconds": "Second invalidation after, seconds",
            "warm_urls": "URLs to fetch again",
            "breaker_per_minute": "Storm breaker, items a minute",
        }
        fields = tuple(labels)


class QuotaForm(_RefusableForm):
    """The bounds of an account; an empty one is switched off."""

    class Meta:
        model = QuotaProfile
        labels = {
            "calls_per_second": "Calls a second",
            "items_per_second": "Items a second",
            "wildcards_per_second": "Wildcards a second",
            "inflight_paths": "Paths in progress",
            "inflight_wildcards": "Wildcards in progress",
            "headroom": "Headroom",
        }
        fields = tuple(labels)


class SuspensionForm(forms.Form):
    """Why invalidations are held, and until when."""

    reason = forms.CharField(max_length=500, help_text="Everybody whose invalidation is held reads it.")
    until = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        help_text="Empty: until somebody resumes it.",
    )


class ReplaceForm(forms.Form):
    """One wildcard instead of all that a paused source asked for."""

    wildcard = forms.CharField(max_length=4000, help_text="As /products/*.", widget=forms.TextInput(attrs=MONO))
    reason = forms.CharField(max_length=500)


class FlushForm(forms.Form):
    """Emptying the cache of a stage, its name typed to confirm."""

    reason = forms.CharField(max_length=500, help_text="Kept with the flush, on the charts and in the audit log.")
    confirm = forms.CharField(label="Name of the stage", widget=forms.TextInput(attrs=MONO))

    def __init__(self, *args: Any, hop: Hop, stage: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stage = stage
        self.fields["confirm"].help_text = f"Type {stage} to empty the whole cache of this stage of {hop.name}."

    def clean_confirm(self) -> str:
        """Exactly its name."""
        typed: str = self.cleaned_data["confirm"]
        if typed != self.stage:
            raise forms.ValidationError(f"That is not its name. To flush this cache, type {self.stage}.")
        return typed
