from datetime import timedelta

import pytest
from django.db import connection

from edgeops.aws.cloudwatch import Answer, Result, Status
from edgeops.aws.errors import DeniedError, ThrottledError, UnavailableError
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth, AwsUsage, EdgeApi, Hop
from edgeops.metrics import polling, reading, registry
from edgeops.metrics.models import Datapoint, PollBatch, Series
from tests.edgeops.metrics.rows import mark

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
ACTION = "cloudwatch:GetMetricData"
THROTTLED = ThrottledError(ACTION, "Throttling", "Rate exceeded")


@pytest.fixture
def batch(account, series, now):
    """The Lambda function's series, ten minutes up to now."""
    function = [one for one in series.values() if one.namespace == "AWS/Lambda"]
    return batch_of(function, account, now)


def batch_of(series, account, now, *, minutes=10, **values):
    fields = {
        "account": account,
        "region": "eu-west-1",
        "period": 60,
        "lane": "watched",
        "slot_at": now,
        "ordinal": 0,
        "series_ids": [one.pk for one in series],
        "start": now - minutes * MINUTE,
        "end": now,
        "next_at": now,
        **values,
    }
    return PollBatch.objects.create(**fields)


def values(series):
    return list(series.datapoints.order_by("at").values_list("value", flat=True))


def test_a_poll_stores_what_cloudwatch_has(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0, 0.0, 12.0])

    touched = polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    batch.refresh_from_db()
    assert touched == batch.series_ids
    assert (batch.state, batch.next_at, batch.lease_token, batch.last_error) == (FetchState.DONE, None, None, "")
    assert values(series["Invocations", "Sum"]) == [10.0, 0.0, 12.0]


def test_a_poll_asks_for_its_window_and_each_metric_once(batch, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    (asked,) = cloudwatch.asked
    assert (asked["region"], asked["period"]) == ("eu-west-1", 60)
    assert (asked["start"], asked["end"]) == (batch.start, batch.end)
    assert [(query.metric, query.statistic) for query in asked["queries"]] == [
        ("Invocations", "Sum"),
        ("Errors", "Sum"),
        ("Throttles", "Sum"),
        ("Duration", "Average"),
        ("Duration", "p95"),
    ]
    assert {query.id for query in asked["queries"]} == {f"s{pk}" for pk in batch.series_ids}


def test_the_marks_of_a_first_poll(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 6 * MINUTE, [10.0, None, 12.0, 13.0])

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    one = Series.objects.get(pk=series["Invocations", "Sum"].pk)
    assert one.first_datapoint_at == now - 6 * MINUTE
    assert one.data_until == now - 2 * MINUTE
    assert one.settled_until == now - 2 * MINUTE
    assert one.polled_at == now


def test_cloudfront_takes_longer_to_settle(series, account, cloudwatch, now):
    batch = batch_of([series["Requests", "Sum"]], account, now, region="us-east-1")

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert Series.objects.get(metric="Requests").settled_until == now - 5 * MINUTE


def test_nothing_settles_beyond_the_window_that_was_read(batch, series, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + 30 * MINUTE)

    assert Series.objects.get(metric="Invocations").settled_until == now


def test_a_silent_series_settles_without_a_first_datapoint(batch, series, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    one = Series.objects.get(metric="Throttles")
    assert (one.first_datapoint_at, one.data_until) == (None, None)
    assert one.settled_until == now - 2 * MINUTE


def test_marks_never_go_back(batch, series, cloudwatch, now):
    one = series["Invocations", "Sum"]
    marks = {"first_datapoint_at": now - 99 * MINUTE, "settled_until": now + MINUTE, "data_until": now + 2 * MINUTE}
    mark(one, polled_at=now + MINUTE, **marks)
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0])

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    one.refresh_from_db()
    assert {name: getattr(one, name) for name in marks} == marks
    assert one.polled_at == now + MINUTE


def test_a_value_that_converged_is_corrected(batch, series, account, cloudwatch, now):
    cloudwatch.report("Invocations", now - MINUTE, [10.0])
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)
    later = batch_of([series["Invocations", "Sum"]], account, now, ordinal=1)
    cloudwatch.report("Invocations", now - MINUTE, [41.0])

    polling.poll(later.pk, cloudwatch=cloudwatch, now=now)

    assert values(series["Invocations", "Sum"]) == [41.0]


def test_what_is_not_a_number_is_missing(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 3 * MINUTE, [float("nan"), float("inf"), 5.0])

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert values(series["Invocations", "Sum"]) == [5.0]


def test_points_in_any_order_and_twice_are_stored_once_each(batch, series, cloudwatch, now):
    """CloudWatch promises an order within one answer; nothing here relies on it."""
    begin = now - 8 * MINUTE
    cloudwatch.report("Invocations", begin, [1.0, 2.0, 3.0, 4.0])
    in_order = cloudwatch.get_metric_data

    def shuffled(*arguments, **more):
        answer = in_order(*arguments, **more)
        twice = [
            Result(one.id, one.status, [*one.timestamps[::-1], *one.timestamps], [*one.values[::-1], *one.values])
            for one in answer.results
        ]
        return Answer(twice, answer.clock_ahead_seconds)

    cloudwatch.get_metric_data = shuffled
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert values(series["Invocations", "Sum"]) == [1.0, 2.0, 3.0, 4.0]
    assert Series.objects.get(pk=series["Invocations", "Sum"].pk).data_until == begin + 4 * MINUTE


def test_two_stamps_in_one_minute_are_one_datapoint(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - MINUTE, [5.0])
    cloudwatch.report("Invocations", now - timedelta(seconds=30), [6.0])

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert list(Datapoint.objects.values_list("at", "value")) == [((now - MINUTE).timestamp(), 6.0)]


@pytest.mark.parametrize("status", [Status.INTERNAL_ERROR, Status.FORBIDDEN])
def test_a_query_that_failed_leaves_its_series_alone_and_the_others_move(batch, series, cloudwatch, now, status):
    cloudwatch.report("Errors", now - 3 * MINUTE, [1.0])
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0])
    cloudwatch.statuses["Errors"] = status

    touched = polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    errors = Series.objects.get(metric="Errors")
    assert errors.pk not in touched
    assert (errors.polled_at, errors.settled_until, values(errors)) == (None, None, [])
    assert values(series["Invocations", "Sum"]) == [10.0]
    health = AccountHealth.objects.get()
    assert health.state == "PARTIAL"
    assert "1 metric could not be read in full" in health.message
    assert "Errors of FunctionName=products-handler" in health.message


def test_a_forbidden_query_names_the_iam_action(batch, cloudwatch, now):
    cloudwatch.statuses["Errors"] = Status.FORBIDDEN

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert "Allow the IAM action cloudwatch:GetMetricData" in AccountHealth.objects.get().message


def test_partial_data_is_kept_but_settles_nothing(batch, cloudwatch, now):
    cloudwatch.report("Errors", now - 3 * MINUTE, [1.0])
    cloudwatch.statuses["Errors"] = Status.PARTIAL

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    errors = Series.objects.get(metric="Errors")
    assert (values(errors), errors.settled_until) == ([1.0], None)


def test_a_query_without_an_answer_settles_nothing(batch, cloudwatch, now):
    cloudwatch.silent.add("Errors")

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert Series.objects.get(metric="Errors").settled_until is None
    assert "no answer" in PollBatch.objects.get().last_error


def test_an_absent_count_reads_as_zero_only_after_a_complete_answer(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 5 * MINUTE, [10.0])
    cloudwatch.statuses["Errors"] = Status.INTERNAL_ERROR

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    wanted = [Series.objects.get(metric=name) for name in ("Errors", "Throttles")]
    lines = reading.load(wanted, now - 5 * MINUTE, now, now=now)
    errors, throttles = (lines[one.pk].values for one in wanted)
    assert errors == [None] * 5
    assert throttles == [0.0, 0.0, 0.0, None, None]


def test_a_good_poll_says_the_account_is_fresh(batch, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    health = AccountHealth.objects.get()
    assert (health.region, health.service, health.state, health.last_ok_at) == ("eu-west-1", "cloudwatch", "FRESH", now)


def test_calls_and_billed_metrics_are_counted(batch, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    usage = AwsUsage.objects.get()
    assert (usage.operation, usage.calls, usage.units) == ("GetMetricData", 1, 5)


def test_a_throttled_poll_is_tried_again_and_loses_nothing(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0])
    cloudwatch.fail_once(THROTTLED)

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []

    batch.refresh_from_db()
    assert (batch.state, batch.attempts, batch.lease_token) == (FetchState.RETRY, 1, None)
    assert now <= batch.next_at <= now + 2 * timedelta(seconds=1)
    assert Series.objects.get(metric="Invocations").polled_at is None
    health = AccountHealth.objects.get()
    assert health.state == "FETCH_FAILED"
    assert "Rate exceeded" in health.message
    assert AwsUsage.objects.get().calls == 1

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=batch.next_at) == batch.series_ids
    assert values(series["Invocations", "Sum"]) == [10.0]
    assert AccountHealth.objects.get().state == "FRESH"


def test_the_fifth_failure_is_the_last(batch, cloudwatch, now):
    PollBatch.objects.update(attempts=4, state=FetchState.RETRY)
    cloudwatch.fail_once(UnavailableError(ACTION, "EndpointConnectionError", "Could not connect"))

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    batch.refresh_from_db()
    assert (batch.state, batch.next_at) == (FetchState.FAILED, None)
    assert "Could not connect" in batch.last_error


def test_a_poll_that_killed_its_worker_each_time_is_given_up(batch, cloudwatch, now):
    PollBatch.objects.update(attempts=5, lease_until=now - MINUTE)

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []

    batch.refresh_from_db()
    assert batch.state == FetchState.FAILED
    assert cloudwatch.asked == []


def test_a_denied_poll_is_not_tried_again_and_names_the_iam_action(batch, cloudwatch, now):
    cloudwatch.fail_once(DeniedError(ACTION, "AccessDenied", "User is not authorized"))

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    batch.refresh_from_db()
    assert (batch.state, batch.next_at) == (FetchState.FAILED, None)
    health = AccountHealth.objects.get()
    assert health.state == "FORBIDDEN"
    assert "Allow the IAM action cloudwatch:GetMetricData" in health.message


def test_a_poll_somebody_else_holds_is_left_alone(batch, cloudwatch, now):
    PollBatch.claim(batch.pk, now=now, lease_seconds=60)

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []
    assert cloudwatch.asked == []


def test_a_finished_poll_is_not_worked_twice(batch, cloudwatch, now):
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + MINUTE) == []
    assert len(cloudwatch.asked) == 1


def test_a_worker_that_slept_through_its_lease_writes_nothing(batch, series, cloudwatch, now):
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0])
    cloudwatch.on_call.append(lambda: PollBatch.claim(batch.pk, now=now + 3 * MINUTE, lease_seconds=60))

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []

    assert values(series["Invocations", "Sum"]) == []
    assert PollBatch.objects.get().lease_token is not None


def test_no_transaction_is_open_while_cloudwatch_is_asked(batch, cloudwatch, now):
    # The test itself runs in one; a transaction of the product's would be a savepoint in it.
    outside = list(connection.savepoint_ids)
    seen = []
    cloudwatch.on_call.append(lambda: seen.append(list(connection.savepoint_ids)))

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert seen == [outside]


def test_series_deleted_meanwhile_are_not_asked_for(batch, cloudwatch, now):
    Series.objects.all().delete()

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []

    batch.refresh_from_db()
    assert batch.state == FetchState.DONE
    assert cloudwatch.asked == []
    assert not AccountHealth.objects.exists()


def test_a_series_deleted_while_cloudwatch_is_asked_costs_the_others_nothing(batch, series, cloudwatch, now):
    gone = series["Errors", "Sum"]
    cloudwatch.report("Errors", now - MINUTE, [1.0])
    cloudwatch.report("Invocations", now - MINUTE, [2.0])
    cloudwatch.on_call.append(gone.delete)

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    assert list(Datapoint.objects.values_list("series_id", "value")) == [(series["Invocations", "Sum"].pk, 2.0)]


def test_a_metric_two_apis_share_is_asked_for_once(api, account, series, cloudwatch, now):
    hop = api.hops.get(kind="lambda")
    other = EdgeApi.objects.create(
        slug="other", name="Other", account=account, region=api.region, distribution=api.distribution
    )
    twin = Hop.objects.create(
        api=other,
        account=account,
        region=hop.region,
        kind=hop.kind,
        position=2,
        name=hop.name,
        dimensions=hop.dimensions,
    )
    invocations = [series["Invocations", "Sum"], registry.ensure_series(twin)[0]]
    cloudwatch.report("Invocations", now - 3 * MINUTE, [10.0])

    polling.poll(batch_of(invocations, account, now).pk, cloudwatch=cloudwatch, now=now)

    assert len(cloudwatch.asked[0]["queries"]) == 1
    assert [values(one) for one in invocations] == [[10.0], [10.0]]
