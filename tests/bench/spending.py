"""What reading an API's metrics costs, by the meter: a day nobody looks, and an hour with its page open.

Measured on the richest request path of the demo's world, as discovery finds it, and told for 35 series, which read each
minute cost 15.12 dollars a month. Backfill is counted apart, and so is what alarms have read.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Sum

from edgeops.estate import prices
from edgeops.estate.models import EdgeApi
from edgeops.metrics import interests, leases
from edgeops.metrics.models import ApiUsage, Cause, Series
from tests.bench import simulation
from tests.bench.simulation import CloudWatch

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SERIES, HOURS_OF_MONTH = 35, 720
HELD = ("5XXError", "Errors")

type Ages = dict[int, list[timedelta]]
type Metrics = dict[Cause, int]


def measure() -> dict[str, float]:
    """cost_idle_month, cost_watched_hour and cost_everything_month, in dollars by name."""
    watched, alarmed = EdgeApi.objects.get(slug="catalog"), EdgeApi.objects.get(slug="products")
    aws = simulation.begin(START)
    day = simulation.settle_in(aws, START)
    first = _requested(watched, START, day)
    idle = _idle_day(aws, watched, day)
    page, ages = _watched_hour(aws, watched, alarmed, day + DAY)
    everything, least_ages = _everything(aws, watched, day + DAY + HOUR)
    _same_age(ages, least_ages)
    metrics = {
        "cost_idle_month": (idle[Cause.IDLE] + idle[Cause.LONG]) * HOURS_OF_MONTH // 24,
        "cost_watched_hour": page[Cause.PAGE] + page[Cause.LONG],
        "cost_everything_month": everything[Cause.ALARM] * HOURS_OF_MONTH,
    }
    series = Series.objects.filter(hop__api=watched).count()
    dollars = {name: count * prices.DOLLARS_PER_METRIC for name, count in metrics.items()}
    told = ", ".join(f"{name} ${cost:.4f}" for name, cost in dollars.items())
    print(
        f"  {watched}, {series} series: {told}; backfill ${first[Cause.HISTORY] * prices.DOLLARS_PER_METRIC:.4f} once"
    )
    return {name: cost / series * SERIES for name, cost in dollars.items()}


def _idle_day(aws: CloudWatch, api: EdgeApi, start: datetime) -> Metrics:
    for now in simulation.minutes(start, DAY):
        simulation.tick(aws, now)
    return _requested(api, start, start + DAY)


def _watched_hour(aws: CloudWatch, watched: EdgeApi, alarmed: EdgeApi, start: datetime) -> tuple[Metrics, Ages]:
    """The page of one API is open, and alarms watch another; with the ages of their newest datapoints."""
    held = list(Series.objects.filter(hop__api=alarmed, metric__in=HELD))
    for one in held:
        interests.hold(one, holder_kind="alarm", holder_id=one.pk)
    seen = [*Series.objects.filter(hop__api=watched), *held]
    ages: Ages = {one.pk: [] for one in seen}
    for now in simulation.minutes(start, HOUR):
        leases.renew(f"api:{watched.slug}", watched, now)
        simulation.tick(aws, now)
        _note_ages(ages, now)
    return _requested(watched, start, start + HOUR), ages


def _everything(aws: CloudWatch, api: EdgeApi, start: datetime) -> tuple[Metrics, Ages]:
    """Every series each minute, as pollers do that know nothing of pages; with the ages of all."""
    for one in Series.objects.all():
        interests.hold(one, holder_kind="alarm", holder_id=one.pk)
    ages: Ages = {one.pk: [] for one in Series.objects.all()}
    for now in simulation.minutes(start, HOUR):
        simulation.tick(aws, now)
        _note_ages(ages, now)
    return _requested(api, start, start + HOUR), ages


def _note_ages(ages: Ages, now: datetime) -> None:
    for pk, data_until in Series.objects.filter(pk__in=ages).values_list("pk", "data_until"):
        ages[pk].append(now - data_until)


def _same_age(ages: Ages, least: Ages) -> None:
    """What somebody waits for is as new as it would be if everything were read each minute."""
    different = [pk for pk in ages if ages[pk] != least[pk]]
    if different:
        raise RuntimeError(f"{len(different)} watched series are older than if everything were read each minute")
    newest = {age.total_seconds() for series in ages.values() for age in series}
    print(f"  newest datapoint of {len(ages)} watched series: {newest} s old each minute, as if everything were read")


def _requested(api: EdgeApi, start: datetime, end: datetime) -> Metrics:
    """Metrics requested for an API in whole hours, by cause; the shares of all APIs must be the account's bill."""
    rows = ApiUsage.objects.filter(hour__gte=start, hour__lt=end)
    shares = rows.aggregate(metrics=Sum("metrics", default=0))["metrics"]
    if shares != (bill := simulation.metrics_requested(start, end)):
        raise RuntimeError(f"the shares of all APIs add up to {shares} metrics, the bill to {bill}")
    causes = rows.filter(api=api).values("cause").annotate(total=Sum("metrics")).values_list("cause", "total")
    return {**dict.fromkeys(Cause, 0), **{Cause(cause): total for cause, total in causes}}
