"""A rule on the Lambda's Errors, and ways to give its series datapoints."""

from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.alarms import rules
from edgeops.alarms.evaluation import Condition
from edgeops.metrics.models import Datapoint, Series


@pytest.fixture
def actor():
    return Actor(kind="user", name="otto", address="192.0.2.7")


@pytest.fixture
def series(api):
    hop = api.hops.get(kind="lambda")
    return Series.objects.create(
        account=api.account,
        region="eu-west-1",
        hop=hop,
        namespace="AWS/Lambda",
        metric="Duration",
        statistic="p95",
        dimensions=hop.dimensions,
        dimensions_key="FunctionName=products-handler",
    )


@pytest.fixture
def condition():
    return Condition("GreaterThanThreshold", 5.0, 3, 2, "missing")


@pytest.fixture
def rule(api, series, condition, actor, now):
    return rules.create(api=api, name="Slow handler", series=series, condition=condition, actor=actor, now=now)


@pytest.fixture
def feed(series):
    """Store values in consecutive minutes ending at a moment, and settle them; None stays a gap."""

    def store(values, until):
        start = until - timedelta(minutes=len(values))
        for minute, value in enumerate(values):
            if value is not None:
                at = start + timedelta(minutes=minute)
                Datapoint.objects.update_or_create(series=series, period=60, at=at, defaults={"value": value})
        series.first_datapoint_at = series.first_datapoint_at or start
        series.data_until = series.settled_until = until
        series.save()

    return store
