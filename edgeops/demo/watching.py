"""What the demo watches from the first minute: two channels into the inbox, two alarms, one webhook endpoint."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from edgeops import secrets
from edgeops.access.audit import SYSTEM
from edgeops.alarms import rules
from edgeops.alarms.evaluation import Condition
from edgeops.alarms.models import AlarmRule, ComparisonOperator, TreatMissingData
from edgeops.estate.models import Distribution, EdgeApi
from edgeops.metrics.models import Series
from edgeops.notifications import routing
from edgeops.notifications.models import Channel, Transport
from edgeops.notifications.transports import webhook
from edgeops.webhooks import definitions, endpoints
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.rules import NewRule

MAIL_CHANNEL, WEBHOOK_CHANNEL = "On-call mail", "Chat webhook"
ENDPOINT, EVENT = "Product data", "product.updated"


@dataclass(frozen=True)
class AlarmSeed:
    """One alarm: on which metric of which hop, and when."""

    api: str
    name: str
    hop: str
    metric: str
    statistic: str
    condition: Condition


ALARMS = (
    # Its incident is over at the first start: it fires and recovers in the past.
    AlarmSeed(
        api="products",
        name="Products function fails",
        hop="products-handler",
        metric="Errors",
        statistic="Sum",
        condition=Condition(
            comparison_operator=ComparisonOperator.GREATER,
            threshold=10,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        ),
    ),
    # Its incident goes on until somebody runs `manage.py simulate clear`.
    AlarmSeed(
        api="catalog",
        name="Browse targets unhealthy",
        hop="catalog-browse",
        metric="UnHealthyHostCount",
        statistic="Minimum",
        condition=Condition(
            comparison_operator=ComparisonOperator.GREATER,
            threshold=0,
            evaluation_periods=3,
            datapoints_to_alarm=3,
            treat_missing_data=TreatMissingData.MISSING,
        ),
    ),
)


@transaction.atomic
def channels(now: datetime) -> list[Channel]:
    """A mail and a signed webhook channel, both ending in the inbox; addresses follow moved ports."""
    mailed = {"transport": Transport.EMAIL, "address": "on-call@example.test"}
    posted = {"transport": Transport.WEBHOOK, "address": f"http://127.0.0.1:{settings.INBOX_PORT}/alerts"}
    secret = secrets.encrypt(webhook.make_secret())
    return [_channel(MAIL_CHANNEL, mailed, now), _channel(WEBHOOK_CHANNEL, posted, now, encrypted_secret=secret)]


def _channel(name: str, follows: dict[str, str], now: datetime, **stays: str) -> Channel:
    made = {**follows, **stays, "hears_failures_since": now}
    return Channel.objects.update_or_create(name=name, defaults=follows, create_defaults=made)[0]


def alarms(told: list[Channel], now: datetime) -> None:
    """The two alarms, told to every given channel; one that somebody deleted does not come back."""
    for seed in ALARMS:
        api = EdgeApi.objects.get(slug=seed.api)
        if not AlarmRule.objects.filter(api=api, name=seed.name).exists():
            _alarm(api, seed, told, now)


@transaction.atomic
def _alarm(api: EdgeApi, seed: AlarmSeed, told: list[Channel], now: datetime) -> None:
    series = Series.objects.get(hop__api=api, hop__name=seed.hop, metric=seed.metric, statistic=seed.statistic)
    rule = rules.create(api=api, name=seed.name, series=series, condition=seed.condition, actor=SYSTEM, now=now)
    routing.set_channels(rule, told, actor=SYSTEM, now=now)


def endpoint(now: datetime, *, secret: str = "") -> Endpoint:
    """The URL the product data's owner posts to: an updated product invalidates its own path."""
    found = Endpoint.objects.existing().filter(name=ENDPOINT).first()
    if found is not None:
        return found
    rule = NewRule("One product", definitions.for_event(EVENT, ["/products/{id}"]))
    products = Distribution.objects.get(name="products")
    made, _ = endpoints.create(name=ENDPOINT, distribution=products, rules=[rule], actor=SYSTEM, now=now, secret=secret)
    return made
