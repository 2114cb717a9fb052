from datetime import timedelta

import pytest

from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth, AwsUsage, Hop
from edgeops.metrics import interests, leases, planning, polling, registry
from edgeops.metrics.models import Lane, PollBatch, Series
from tests.edgeops.metrics.fake_cloudwatch import FakeCloudWatch
from tests.edgeops.metrics.rows import mark

pytestmark = pytest.mark.django_db
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def polled(series, now):
    """Every series polled twenty minutes ago, none of them watched."""
    Series.objects.update(polled_at=now - 20 * MINUTE, settled_until=now - 22 * MINUTE)
    return series


def planned(batches):
    """Series by lane."""
    lanes: dict[str, set[int]] = {}
    for batch in batches:
        lanes.setdefault(batch.lane, set()).update(batch.series_ids)
    return lanes


def ids(series):
    return {one.pk for one in series}


def test_a_new_series_is_backfilled_at_once_by_account_and_region(series, account, now):
    batches = planning.plan(now + 5 * SECOND)

    assert planned(batches) == {Lane.BACKFILL: ids(series.values())}
    assert {(batch.account, batch.region) for batch in batches} == {(account, "eu-west-1"), (account, "us-east-1")}
    for batch in batches:
        assert {one.region for one in Series.objects.filter(pk__in=batch.series_ids)} == {batch.region}
        assert (batch.start, batch.end) == (now - timedelta(hours=24), now)
        assert (batch.state, batch.next_at) == (FetchState.PENDING, now + 5 * SECOND)


def test_a_tick_delivered_twice_plans_once(series, now):
    first = planning.plan(now)

    assert planning.plan(now) == []
    assert PollBatch.objects.count() == len(first)


def test_a_backfill_under_way_is_not_planned_again_in_the_next_slot(series, now):
    planning.plan(now)

    assert planning.plan(now + MINUTE) == []


def test_a_backfill_that_failed_is_planned_again_a_minute_later(series, now):
    planning.plan(now)
    PollBatch.objects.update(state=FetchState.FAILED, next_at=None)

    assert planning.plan(now + 15 * SECOND) == []
    assert planned(planning.plan(now + MINUTE)) == {Lane.BACKFILL: ids(series.values())}


def test_a_series_made_while_others_are_backfilled_does_not_wait(api, now):
    first = registry.ensure_series(api.hops.get(kind="lambda"))
    planning.plan(now)
    second = registry.ensure_series(api.hops.get(kind="rest_api"))

    batches = planning.plan(now + 15 * SECOND)

    assert planned(batches) == {Lane.BACKFILL: ids(second)}
    assert [batch.ordinal for batch in batches] == [1]
    assert ids(first).isdisjoint(batches[0].series_ids)


def test_what_nobody_watches_is_polled_every_quarter_of_an_hour(polled, now):
    assert planned(planning.plan(now)) == {Lane.SLOW: ids(polled.values())}
    assert planning.plan(now + 14 * MINUTE) == []

    Series.objects.update(polled_at=now + MINUTE)
    assert planned(planning.plan(now + 15 * MINUTE)) == {Lane.SLOW: ids(polled.values())}


def test_an_open_page_has_its_apis_series_polled_every_minute(polled, api, now):
    Series.objects.update(polled_at=now)
    leases.renew("api:products", api, now + MINUTE)

    assert planned(planning.plan(now + MINUTE)) == {Lane.WATCHED: ids(polled.values())}
    assert planning.plan(now + 105 * SECOND) == []
    assert planned(planning.plan(now + 120 * SECOND)) == {Lane.WATCHED: ids(polled.values())}


def test_a_page_that_closed_is_no_longer_polled_for(polled, api, now):
    Series.objects.update(polled_at=now)
    leases.renew("api:products", api, now)

    assert planned(planning.plan(now + 89 * SECOND)) == {Lane.WATCHED: ids(polled.values())}
    assert planning.plan(now + 120 * SECOND) == []


def test_another_apis_page_watches_nothing_of_this_one(polled, api, account, now):
    other = type(api).objects.create(
        slug="other", name="Other", account=account, region=api.region, distribution=api.distribution
    )
    Hop.objects.create(
        api=other, account=account, region="eu-west-1", kind="lambda", position=0, name="x", dimensions={}
    )
    Series.objects.update(polled_at=now)
    leases.renew("api:other", other, now)

    assert planning.plan(now + MINUTE) == []


def test_the_overview_has_only_headlines_polled_every_minute(polled, now):
    Series.objects.update(polled_at=now)
    leases.renew("overview", None, now)

    (watched,) = planned(planning.plan(now + MINUTE)).values()

    names = set(Series.objects.filter(pk__in=watched).values_list("metric", flat=True))
    assert {"Requests", "5xxErrorRate", "CacheHitRate", "OriginLatency", "Count", "Errors"} <= names
    assert {"BytesDownloaded", "Throttles"}.isdisjoint(names)


def test_an_alarm_has_its_series_polled_every_minute(polled, requests, now):
    Series.objects.update(polled_at=now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)

    batches = planning.plan(now + MINUTE)

    assert planned(batches) == {Lane.WATCHED: {requests.pk}}
    assert batches[0].region == "us-east-1"


def test_a_page_opened_within_a_slot_does_not_wait_for_the_next(polled, requests, api, now):
    Series.objects.update(polled_at=now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    planning.plan(now + MINUTE)
    leases.renew("api:products", api, now + MINUTE)

    batches = planning.plan(now + 75 * SECOND)

    assert planned(batches) == {Lane.WATCHED: ids(polled.values()) - {requests.pk}}


def test_a_series_is_in_one_lane_of_a_slot(polled, requests, now):
    slow = planning.plan(now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)

    assert requests.pk in planned(slow)[Lane.SLOW]
    assert planning.plan(now + 15 * SECOND) == []
    assert planned(planning.plan(now + MINUTE)) == {Lane.WATCHED: {requests.pk}}


def test_a_series_just_watched_waits_for_its_next_slow_turn(polled, requests, now):
    planning.plan(now)
    PollBatch.objects.all().delete()
    mark(requests, polled_at=now + MINUTE)

    assert requests.pk not in planned(planning.plan(now + 5 * MINUTE))[Lane.SLOW]


def test_a_batch_nobody_got_to_is_replaced_by_the_next(polled, requests, now):
    Series.objects.update(polled_at=now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    (old,) = planning.plan(now + MINUTE)

    (new,) = planning.plan(now + 2 * MINUTE)

    old.refresh_from_db()
    assert (old.state, old.next_at) == (FetchState.SUPERSEDED, None)
    assert new.start <= old.start
    assert new.state == FetchState.PENDING


def test_a_batch_somebody_works_on_is_not_taken_from_them(polled, requests, now):
    Series.objects.update(polled_at=now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    (old,) = planning.plan(now + MINUTE)
    claimed = PollBatch.claim(old.pk, now=now + MINUTE, lease_seconds=90)

    planning.plan(now + 2 * MINUTE)

    assert claimed.finish(next_at=None, state=FetchState.DONE)


def test_a_poll_reads_from_the_settled_mark_with_a_tail(polled, now):
    (batch, *_) = planning.plan(now + 20 * SECOND)

    assert (batch.start, batch.end) == (now - 32 * MINUTE, now)


def test_backfills_stay_within_one_page_of_datapoints(api, now):
    hop = api.hops.get(kind="lambda")
    many(hop, 150)

    batches = planning.plan(now)

    assert [len(batch.series_ids) for batch in batches] == [70, 70, 10]
    assert [batch.ordinal for batch in batches] == [0, 1, 2]


def test_no_batch_has_more_than_500_series(api, now):
    hop = api.hops.get(kind="lambda")
    many(hop, 501, polled_at=now - 20 * MINUTE, settled_until=now - 5 * MINUTE)

    assert [len(batch.series_ids) for batch in planning.plan(now)] == [500, 1]


def test_one_series_left_for_days_does_not_make_the_others_read_days(api, now):
    hop = api.hops.get(kind="lambda")
    many(hop, 60, polled_at=now - 20 * MINUTE, settled_until=now - 5 * MINUTE)
    late = Series.objects.last()
    mark(late, settled_until=now - timedelta(hours=23))

    first, *others = planning.plan(now)

    assert late.pk in first.series_ids
    assert len(first.series_ids) == 1
    assert {batch.start for batch in others} == {now - 15 * MINUTE}


def test_what_was_forbidden_waits_for_its_hour_and_keeps_nothing_else_from_being_read(polled, requests, now):
    mark(requests, trouble="Forbidden", retry_at=now + 5 * MINUTE)

    assert requests.pk not in planned(planning.plan(now))[Lane.SLOW]
    assert requests.pk in planned(planning.plan(now + 6 * MINUTE))[Lane.SLOW]


def test_what_somebody_stopped_is_not_asked_for(polled, requests, now):
    mark(requests, stopped_at=now)

    assert requests.pk not in planned(planning.plan(now))[Lane.SLOW]


def test_averages_and_percentiles_are_asked_for_at_longer_periods_and_sums_are_not(polled, api, now):
    Series.objects.update(polled_at=now, five_minutes_until=now - 30 * MINUTE, hours_until=now - 2 * HOUR)
    leases.renew("api:products", api, now)

    batches = planning.plan(now)

    long = {batch.period: batch for batch in batches if batch.lane == Lane.LONG and batch.region == "eu-west-1"}
    assert set(long) == {300, 3600}
    for batch in long.values():
        statistics = set(Series.objects.filter(pk__in=batch.series_ids).values_list("statistic", flat=True))
        assert statistics == {"Average", "p50", "p95", "p99"} & statistics
        assert "Average" in statistics
    assert (long[300].start, long[300].end) == (now - 40 * MINUTE, now)
    assert (long[3600].start, long[3600].end) == (now - 4 * HOUR, now)


def test_longer_periods_may_lag_for_hours_while_nobody_looks(polled, api, now):
    Series.objects.update(polled_at=now, five_minutes_until=now - 5 * HOUR, hours_until=now - 20 * HOUR)

    assert planning.plan(now) == []

    Series.objects.update(five_minutes_until=now - 7 * HOUR)
    assert {(batch.lane, batch.period) for batch in planning.plan(now)} == {(Lane.LONG, 300)}


def test_a_page_that_opens_has_its_longer_periods_brought_up_at_once(polled, api, now):
    Series.objects.update(polled_at=now, five_minutes_until=now - 5 * HOUR, hours_until=now - 20 * HOUR)
    assert planning.plan(now) == []

    leases.renew("api:products", api, now)

    assert {batch.period for batch in planning.plan(now) if batch.lane == Lane.LONG} == {300, 3600}


def test_a_throttled_account_is_asked_in_smaller_requests(api, account, now):
    hop = api.hops.get(kind="lambda")
    many(hop, 300, polled_at=now - 20 * MINUTE, settled_until=now - 5 * MINUTE)
    AccountHealth.objects.create(
        account=account, region=hop.region, service="cloudwatch", state="FETCH_FAILED", since=now, max_queries=125
    )

    assert [len(batch.series_ids) for batch in planning.plan(now)] == [125, 125, 50]


@pytest.mark.parametrize(
    ("dollars", "alarm_minutes", "page_minutes", "idle_minutes"),
    [(0, 1, 1, 15), (25, 1, 5, 60), (40, 5, 5, 60)],
)
def test_a_spent_budget_slows_reading_and_never_stops_it(
    polled, requests, api, account, now, dollars, alarm_minutes, page_minutes, idle_minutes
):
    type(account).objects.update(monthly_budget=30)
    spend(account, dollars, now)
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    page = type(api).objects.create(
        slug="page", name="Page", account=account, region=api.region, distribution=api.distribution
    )
    many(Hop.objects.create(api=page, account=account, region="eu-west-1", kind="lambda", position=0, name="x",
                            dimensions={}), 1)  # fmt: skip
    paged = Series.objects.get(hop__api=page)
    begin = now.replace(minute=0)
    turns = {"alarm": [], "page": [], "idle": []}
    Series.objects.update(polled_at=begin - MINUTE, settled_until=begin - 2 * MINUTE)

    for minute in range(120):
        leases.renew("api:page", page, begin + minute * MINUTE)
        for batch in planning.plan(begin + minute * MINUTE):
            asked = Series.objects.filter(pk__in=batch.series_ids)
            asked.update(polled_at=begin + minute * MINUTE)
            held = {"alarm"} if requests.pk in batch.series_ids else set()
            held |= {"page"} if paged.pk in batch.series_ids else set()
            held |= {"idle"} if batch.lane == Lane.SLOW else set()
            for kind in held:
                turns[kind].append(minute)

    assert sorted(set(turns["alarm"])) == list(range(0, 120, alarm_minutes))
    assert sorted(set(turns["page"])) == list(range(0, 120, page_minutes))
    assert sorted(set(turns["idle"])) == list(range(0, 120, idle_minutes))


def spend(account, dollars, now):
    AwsUsage.objects.create(
        account=account,
        region="eu-west-1",
        service="cloudwatch",
        operation="GetMetricData",
        hour=now.replace(day=2),
        units=dollars * 100_000,
    )


def test_an_idle_tick_writes_nothing(polled, now, django_assert_max_num_queries):
    planning.plan(now)

    with django_assert_max_num_queries(8) as queries:
        planning.plan(now + 15 * SECOND)

    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


def many(hop, count, **marks):
    Series.objects.bulk_create(
        Series(
            account=hop.account,
            region=hop.region,
            hop=hop,
            namespace="AWS/Lambda",
            metric=f"Metric{index}",
            statistic="Sum",
            dimensions={},
            dimensions_key="",
            **marks,
        )
        for index in range(count)
    )


def test_a_minute_of_many_series_is_as_few_requests_as_there_can_be(api, now):
    """Over 500 series in one region and less in another: two requests and one, each of one page."""
    per_hop = {hop.kind: len(registry.ensure_series(hop)) for hop in api.hops.all()}
    function, edge = api.hops.get(kind="lambda"), api.hops.get(kind="cloudfront")
    for number in range(120):
        twin = Hop(
            api=api, account=api.account, region=function.region, kind=function.kind, position=2,
            name=f"handler-{number}", dimensions={"FunctionName": f"handler-{number}"},
        )  # fmt: skip
        twin.save()
        registry.ensure_series(twin)
    Series.objects.update(polled_at=now - MINUTE, settled_until=now - 5 * MINUTE)
    leases.renew("api:products", api, now)
    cloudwatch = FakeCloudWatch()

    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    series = 120 * per_hop["lambda"] + per_hop["lambda"] + per_hop["rest_api"]
    assert Series.objects.exclude(region=edge.region).count() == series
    assert 500 < series <= 1000
    assert sorted((asked["region"], len(asked["queries"])) for asked in cloudwatch.asked) == [
        ("eu-west-1", series - 500), ("eu-west-1", 500), ("us-east-1", per_hop["cloudfront"]),
    ]  # fmt: skip
