"""From a datapoint in CloudWatch to a number on a page, through real processes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.access.models import User
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccessState, AccountHealth, AwsUsage
from edgeops.metrics import planning, reading
from edgeops.metrics.models import Datapoint, Lane, Lease, PollBatch, Series
from edgeops.pulse.models import Stamp


@pytest.fixture
def planned(house):
    """The first polls of the whole estate, waiting for a worker."""
    return planning.plan(timezone.now())


@pytest.fixture
def cookies(house):
    return house.sign_in(User.objects.get(username="viewer"))


def await_first_polls(house):
    house.until(
        lambda: set(PollBatch.objects.filter(lane=Lane.BACKFILL).values_list("state", flat=True)) == {FetchState.DONE},
        "the first polls to be done",
    )


def as_aws_says(house, series, start, end):
    """The same minutes as CloudWatch gives them to anybody who asks: the second each starts at to its value."""
    query = {
        "Id": "q",
        "MetricStat": {
            "Metric": {
                "Namespace": series.namespace,
                "MetricName": series.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions.items()],
            },
            "Period": 60,
            "Stat": series.statistic,
        },
    }
    client = house.local_aws.client("cloudwatch", series.region)
    (result,) = client.get_metric_data(MetricDataQueries=[query], StartTime=start, EndTime=end)["MetricDataResults"]
    return {int(at.timestamp()): value for at, value in zip(result["Timestamps"], result["Values"], strict=True)}


def assert_stored_as_aws_says(house):
    """Every settled minute of the last hours of an API is stored once, with AWS's value, and none is made up."""
    for series in Series.objects.filter(hop__api__slug="products"):
        end = series.settled_until
        start = end - timedelta(hours=3)
        rows = series.datapoints.filter(at__gte=start.timestamp(), at__lt=end.timestamp(), period=60)
        assert dict(rows.values_list("at", "value")) == pytest.approx(as_aws_says(house, series, start, end)), series


def test_what_cloudwatch_says_is_on_the_page_with_its_age(house, planned, cookies):
    house.start("worker", "beat", "web")
    await_first_polls(house)
    house.await_web()

    assert_stored_as_aws_says(house)
    house.until(lambda: house.get("/healthz/ready").status == 200, "the house to be ready")
    page = house.get("/", cookies)
    assert page.status == 200
    assert "Products API" in page.text
    assert "Data until" in page.text
    api_page = house.get("/apis/products/", cookies)
    assert api_page.status == 200
    series = Series.objects.get(hop__name="products-handler", metric="Invocations", statistic="Sum")
    newest = series.datapoints.filter(at__lt=series.settled_until.timestamp()).latest("at")
    line = reading.load([series], newest.starts_at, newest.starts_at + timedelta(minutes=1))[series.pk]
    assert list(line.values) == [newest.value]
    assert f"{newest.value:g}" in api_page.text, "the settled minute is in the chart's data"

    # The page that is open is what keeps its series polled, and it is told when nothing changed.
    assert set(Lease.objects.values_list("key", flat=True)) == {"overview", "api:products"}
    house.kill("beat", "worker")  # so that nothing changes between two looks
    refresh = {**cookies, "HX-Request": "true"}
    fragment = house.get("/apis/products/", refresh)
    assert fragment.status == 200
    assert "<html" not in fragment.text
    again = [house.get("/apis/products/", {**refresh, "If-None-Match": fragment.headers["ETag"]}) for _ in range(2)]
    assert 304 in {answer.status for answer in again}, "at most one of them falls into a new minute"
    assert AwsUsage.objects.get(operation="GetMetricData", region="eu-west-1").units > 0


def test_killing_worker_and_redis_in_the_middle_of_a_poll_leaves_no_gap(house, planned):
    house.local_aws.control(
        "faults", {"kind": "delay", "service": "cloudwatch", "delay_seconds": 3, "calls": len(planned)}
    )
    house.start("worker", "beat")
    house.until(lambda: not house.local_aws.control("state")["faults"], "the polls to have reached AWS")
    house.kill("worker")
    house.forget_redis()
    assert not Datapoint.objects.exists(), "nothing is stored by halves"

    killed_at = timezone.now()
    house.let_leases_run_out()
    house.start("redis", "worker")
    await_first_polls(house)

    assert_stored_as_aws_says(house)
    house.until(lambda: Stamp.objects.filter(stage="plan", last_ok_at__gt=killed_at).exists(), "beat to plan again")


def test_a_throttled_account_ages_visibly_and_recovers(house, planned, cookies):
    house.local_aws.control("faults", {"kind": "throttle", "service": "cloudwatch"})
    house.start("worker", "beat", "web")
    house.until(
        lambda: AccountHealth.objects.filter(service="cloudwatch", state=AccessState.FETCH_FAILED).exists(),
        "the account's health to say so",
    )
    house.await_web()
    page = house.get("/", cookies)
    assert page.status == 200
    assert "Throttl" in page.text
    assert not Datapoint.objects.exists()

    house.local_aws.control("faults", method="DELETE")
    PollBatch.objects.filter(state=FetchState.RETRY).update(next_at=timezone.now())
    house.until(Datapoint.objects.exists, "datapoints after the throttling")
    house.until(
        lambda: not AccountHealth.objects.filter(service="cloudwatch").exclude(state=AccessState.FRESH).exists(),
        "the account to be fresh again",
    )
