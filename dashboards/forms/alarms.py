"""The alarm form: what to watch, when it is bad, who is told."""

from collections.abc import Iterable
from typing import Any

from django import forms

from edgeops.alarms import rules
from edgeops.alarms.evaluation import Condition
from edgeops.alarms.models import AlarmRule, ComparisonOperator, TreatMissingData
from edgeops.estate.models import EdgeApi
from edgeops.metrics import catalogue
from edgeops.metrics.models import Series
from edgeops.notifications.models import Channel

CONDITION_FIELDS = (
    "comparison_operator",
    "threshold",
    "evaluation_periods",
    "datapoints_to_alarm",
    "treat_missing_data",
)
COMPARISONS = [
    (ComparisonOperator.GREATER, "greater than the threshold (>)"),
    (ComparisonOperator.GREATER_OR_EQUAL, "greater than or equal to it (≥)"),
    (ComparisonOperator.LESS, "less than the threshold (<)"),
    (ComparisonOperator.LESS_OR_EQUAL, "less than or equal to it (≤)"),
]


class ChannelsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Channels by name; one that is switched off says so."""

    def label_from_instance(self, obj: Channel) -> str:
        """Name and kind."""
        return f"{obj.name} ({obj.get_transport_display()}{'' if obj.is_enabled else ', disabled'})"


class AlarmForm(forms.Form):
    """Create an alarm on a series of `api`, or edit `rule`, whose series stays."""

    name = forms.CharField(max_length=rules.NAME_LENGTH, help_text="What the notification's subject says.")
    series = forms.ChoiceField(label="Metric", help_text="Of a hop on the API's request path, a value a minute.")
    comparison_operator = forms.ChoiceField(label="Breaches when the value is", choices=COMPARISONS)
    threshold = forms.FloatField(
        label="Threshold",
        # Not a number input: what was typed stays to be seen, whatever it was.
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"invalid": "The threshold must be a number; NaN and infinity compare with nothing."},
        help_text="In the unit of the metric.",
    )
    datapoints_to_alarm = forms.IntegerField(label="M: datapoints that must breach", initial=3)
    evaluation_periods = forms.IntegerField(
        label="N: datapoints looked at", initial=5, help_text="One-minute periods, the newest that no longer change."
    )
    treat_missing_data = forms.ChoiceField(
        label="Missing data is",
        choices=TreatMissingData.choices,
        initial=TreatMissingData.MISSING,
        widget=forms.RadioSelect,
        help_text="Counts only while fewer than N datapoints are there; M real breaches alarm whatever is chosen.",
    )
    channels = ChannelsField(
        label="Tell",
        queryset=Channel.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Told when it goes to ALARM, and when that is over. Without a channel, only these pages show it.",
    )

    def __init__(self, *args: Any, api: EdgeApi, rule: AlarmRule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.api, self.rule = api, rule
        if rule is not None:
            del self.fields["series"]
            return
        field = self.fields["series"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above; narrows the type)
        self.choosable = {str(one.pk): one for one in _series_of(api)}
        field.choices = [("", "Choose a metric"), *_grouped(self.choosable.values())]
        field.error_messages["invalid_choice"] = f"This metric does not belong to {api.name}; choose one of its own."

    def clean(self) -> dict[str, Any]:
        """Add the domain's own refusals beside their fields, once every field can be read."""
        cleaned = super().clean() or {}
        if not self.errors:
            self.add_problems(
                rules.problems_of(api=self.api, name=cleaned["name"], condition=self.condition, rule=self.rule)
            )
        return cleaned

    def add_problems(self, problems: dict[str, str]) -> None:
        """Show what the domain refused."""
        for field, problem in problems.items():
            self.add_error(field if field in self.fields else None, problem)

    @property
    def condition(self) -> Condition:
        """What was asked for; only of a form whose fields could be read."""
        return Condition(**{name: self.cleaned_data[name] for name in CONDITION_FIELDS})

    @property
    def chosen_series(self) -> Series:
        """The series to watch."""
        return self.choosable[self.cleaned_data["series"]]


def series_title(series: Series) -> str:
    """A series as people choose it."""
    metric = catalogue.find(series.namespace, series.metric, series.statistic)
    return f"{metric.title} ({metric.unit})" if metric else f"{series.metric} {series.statistic}"


def _series_of(api: EdgeApi) -> Iterable[Series]:
    on_path = Series.objects.filter(hop__api=api, hop__retired_at=None)
    return on_path.select_related("hop").order_by("hop__position", "hop_id", "pk")


def _grouped(series: Iterable[Series]) -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in series:
        groups.setdefault(str(one.hop), []).append((str(one.pk), series_title(one)))
    return list(groups.items())
