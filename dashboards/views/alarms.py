"""Alarms: which fire, why and since when; creating, editing, switching off."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages, refreshing, sparklines
from dashboards.forms.alarms import AlarmForm, series_title
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator, viewer
from edgeops.alarms import rules
from edgeops.alarms.models import AlarmRule, AlarmRuleVersion, AlarmSeries, AlarmState, Transition, TreatMissingData
from edgeops.alarms.rules import InvalidRuleError
from edgeops.alarms.watch import condition_of
from edgeops.estate.models import EdgeApi
from edgeops.metrics import reading
from edgeops.notifications import recording, routing
from edgeops.notifications.models import Channel, Delivery
from tasks.delivering import send_delivery
from tasks.publishing import publish

ORDER = (AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.OK)
SHOWN_TRANSITIONS = 50
CHART_HOURS = 3


@dataclass(frozen=True)
class Row:
    """An alarm in the list."""

    alarm_series: AlarmSeries
    version: AlarmRuleVersion
    metric: str

    @property
    def order(self) -> tuple[bool, int, float]:
        """Watched before disabled, firing first, then what changed last."""
        one = self.alarm_series
        return not one.rule.is_enabled, ORDER.index(AlarmState(one.state)), -one.state_since.timestamp()


@require_GET
@viewer
def listing(request: HtmxRequest) -> HttpResponse:
    """Every alarm, firing first."""
    now = timezone.now()
    marks = AlarmSeries.objects.aggregate(Max("evaluated_at"), Max("rule__versions__pk"), Count("pk"))
    switched = list(AlarmRule.objects.standing().values_list("pk", "is_enabled"))
    etag = refreshing.tag(request, now, marks, switched, reading.newest_change())
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    rows = _rows()
    counts = [(s, sum(r.alarm_series.state == s and r.alarm_series.rule.is_enabled for r in rows)) for s in ORDER]
    response = pages.render_page(request, "alarms/list.html", {"rows": rows, "counts": counts}, fragment="live")
    return refreshing.tagged(request, response, etag)


@require_GET
@viewer
def detail(request: HtmxRequest, pk: int) -> HttpResponse:
    """One alarm: state, condition, history with reasons, who was told. A deleted one is still shown."""
    now = timezone.now()
    rule = get_object_or_404(AlarmRule.objects.select_related("api"), pk=pk)
    alarm_series = rule.alarm_series.select_related("series__hop").get()
    etag = refreshing.tag(request, now, *_marks(rule, alarm_series))
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    version = rule.version
    context = {
        "rule": rule,
        "alarm_series": alarm_series,
        "version": version,
        "condition": condition_of(version),
        "missing": TreatMissingData(version.treat_missing_data).label,
        "metric": series_title(alarm_series.series),
        "spark": _sparkline(alarm_series, now),
        "chart_hours": CHART_HOURS,
        "transitions": _history(alarm_series)[:SHOWN_TRANSITIONS],
        "versions": rule.versions.order_by("-number"),
        "channels": Channel.objects.filter(routes__rule=rule),
    }
    return refreshing.tagged(request, pages.render_page(request, "alarms/detail.html", context, fragment="live"), etag)


@require_http_methods(["GET", "POST"])
@operator
def create(request: HtmxRequest) -> HttpResponse:
    """First the API, then the alarm on one of its metrics."""
    slug = request.GET.get("api", "")
    if not slug:
        return render(request, "alarms/choose_api.html", {"apis": EdgeApi.objects.all()})
    api = get_object_or_404(EdgeApi, slug=slug)
    form = AlarmForm(request.POST or None, api=api)
    if request.method == "POST" and form.is_valid() and (rule := _create(request, form)):
        messages.success(
            request, f"{rule.name} is watched from now on. Its first state comes with the next datapoints."
        )
        return redirect("alarm", pk=rule.pk)
    return _form_page(request, form, {"api": api})


@require_http_methods(["GET", "POST"])
@operator
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Add the next version of an alarm's condition."""
    rule = get_object_or_404(AlarmRule.objects.standing().select_related("api"), pk=pk)
    held = {**asdict(condition_of(rule.version)), "name": rule.name}
    held["channels"] = Channel.objects.filter(routes__rule=rule)
    form = AlarmForm(request.POST or None, api=rule.api, rule=rule, initial=held)
    if request.method == "POST" and form.is_valid() and _edit(request, rule, form):
        messages.success(request, f"{rule.name} is judged by its new version from the next datapoint on.")
        return redirect("alarm", pk=rule.pk)
    series = rule.alarm_series.select_related("series__hop").get().series
    context = {"api": rule.api, "rule": rule, "series": series, "metric": series_title(series)}
    return _form_page(request, form, context)


@require_POST
@operator
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Disable an enabled alarm, enable a disabled one: `to` says which, so that a second click changes nothing."""
    rule = get_object_or_404(AlarmRule.objects.standing(), pk=pk)
    who, now = pages.actor(request), timezone.now()
    if request.POST.get("to") == "enabled":
        rules.enable(rule, actor=who, now=now)
        messages.success(request, f"{rule.name} is watched again.")
    else:
        _publish(recording.disable_rule(rule, actor=who, now=now))
        messages.warning(request, f"{rule.name} is disabled: nobody is told of anything until it is enabled again.")
    return redirect("alarm", pk=rule.pk)


@require_POST
@operator
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an alarm away; its history stays readable."""
    rule = get_object_or_404(AlarmRule.objects.standing(), pk=pk)
    _publish(recording.delete_rule(rule, actor=pages.actor(request), now=timezone.now()))
    messages.success(request, f"{rule.name} was deleted.")
    return redirect("alarms")


def _rows() -> list[Row]:
    alarms = AlarmSeries.objects.filter(rule__deleted_at=None).select_related("rule__api", "series__hop")
    newest_first = Prefetch("rule__versions", AlarmRuleVersion.objects.order_by("-number"))
    rows = [
        Row(one, one.rule.versions.all()[0], series_title(one.series)) for one in alarms.prefetch_related(newest_first)
    ]
    return sorted(rows, key=lambda row: row.order)


def _marks(rule: AlarmRule, alarm_series: AlarmSeries) -> list[object]:
    """Everything an alarm's page shows that can change, cheaply."""
    deliveries = Delivery.objects.filter(transition__alarm_series=alarm_series)
    return [
        rule.name,
        rule.is_enabled,
        rule.deleted_at,
        alarm_series.evaluated_at,
        alarm_series.reason,
        alarm_series.seq,
        alarm_series.series.polled_at,
        list(rule.routes.values_list("channel_id", flat=True)),
        list(rule.versions.values_list("number", flat=True)),
        list(deliveries.values_list("pk", "state", "attempts", "next_at").order_by("-pk")[:SHOWN_TRANSITIONS]),
    ]


def _history(alarm_series: AlarmSeries) -> QuerySet[Transition]:
    """Transitions, newest first, with their deliveries and each attempt at them."""
    deliveries = Prefetch("deliveries", Delivery.objects.with_attempts())
    return alarm_series.transitions.select_related("rule_version").prefetch_related(deliveries).order_by("-seq")


def _sparkline(alarm_series: AlarmSeries, now: datetime) -> sparklines.Sparkline:
    end = now.replace(second=0, microsecond=0)
    line = reading.load([alarm_series.series], end - timedelta(hours=CHART_HOURS), end)[alarm_series.series_id]
    tone = "bad" if alarm_series.state == AlarmState.ALARM else ""
    return sparklines.draw(line, series_title(alarm_series.series), tone=tone)


def _create(request: HttpRequest, form: AlarmForm) -> AlarmRule | None:
    who, now = pages.actor(request), timezone.now()
    try:
        with transaction.atomic():
            rule = rules.create(
                api=form.api,
                name=form.cleaned_data["name"],
                series=form.chosen_series,
                condition=form.condition,
                actor=who,
                now=now,
            )
            routing.set_channels(rule, form.cleaned_data["channels"], actor=who, now=now)
    except InvalidRuleError as error:
        form.add_problems(error.problems)
        return None
    return rule


def _edit(request: HttpRequest, rule: AlarmRule, form: AlarmForm) -> bool:
    who, now = pages.actor(request), timezone.now()
    try:
        with transaction.atomic():
            rules.edit(rule, name=form.cleaned_data["name"], condition=form.condition, actor=who, now=now)
            routing.set_channels(rule, form.cleaned_data["channels"], actor=who, now=now)
    except InvalidRuleError as error:
        form.add_problems(error.problems)
        return False
    return True


def _form_page(request: HttpRequest, form: AlarmForm, context: dict[str, object]) -> HttpResponse:
    return render(request, "alarms/form.html", {**context, "form": form, "has_channels": Channel.objects.exists()})


def _publish(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        publish(send_delivery, delivery.pk)
