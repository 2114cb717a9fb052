from datetime import timedelta

import pytest

from edgeops import retention
from edgeops.aws.errors import DeniedError, ThrottledError
from edgeops.aws.xray import Summary, SummaryPage, TraceData
from edgeops.estate.fetches import MAX_ATTEMPTS, FetchState
from edgeops.estate.models import AccountHealth, AwsUsage, EdgeApi, Hop
from edgeops.traces import fetching
from edgeops.traces.models import TraceDocument, TraceSummary, TraceWindow

MINUTE = timedelta(minutes=1)
SEGMENT = {"id": "a" * 16, "name": "products-api/prod", "start_time": 1.0, "end_time": 2.0}


class FakeXRay:
    """X-Ray that answers what it was given, or fails as told."""

    def __init__(self):
        self.asked = []
        self.found = []
        self.held = {}
        self.processed = 0
        self.is_capped = False
        self.error = None

    def connect(self, account, region, now):
        self.asked.append(region)
        return self

    def summaries(self, start, end, filter_expression):
        self.asked.append((start, end, filter_expression))
        if self.error:
            raise self.error
        return SummaryPage(tuple(self.found), self.processed, self.is_capped)

    def traces(self, trace_ids):
        self.asked.append(tuple(trace_ids))
        if self.error:
            raise self.error
        return [TraceData(i, self.held[i], limit_exceeded=False) for i in trace_ids if i in self.held]


@pytest.fixture
def xray():
    return FakeXRay()


@pytest.fixture
def window(api, now):
    return TraceWindow.objects.create(api=api, start=now - 15 * MINUTE, end=now, next_at=now)


@pytest.fixture
def summary(api, now):
    return TraceSummary.objects.create(
        api=api, account=api.account, region=api.region, trace_id=trace_id(1), started_at=now
    )


def trace_id(number):
    return f"1-6741b1c0-{number:024x}"


def seen(number, now, **changes):
    facts = {
        "trace_id": trace_id(number),
        "started_at": now - MINUTE,
        "duration_seconds": 0.2,
        "response_seconds": 0.1,
        "has_fault": False,
        "has_error": False,
        "has_throttle": False,
        "is_partial": False,
        "url": "https://products.example.test/products/7",
        "method": "GET",
        "status": 200,
        "services": ("products-api/prod",),
    }
    return Summary(**facts | changes)


def throttled():
    return ThrottledError("xray:GetTraceSummaries", "ThrottledException", "Rate exceeded")


def denied():
    return DeniedError("xray:GetTraceSummaries", "AccessDeniedException", "not authorized")


def test_each_traced_api_gets_one_window_a_minute_of_its_last_fifteen(api, now):
    planned = fetching.plan_windows(now + timedelta(seconds=40))

    (window,) = TraceWindow.objects.all()
    assert planned == [window.pk]
    assert (window.start, window.end) == (now - 15 * MINUTE, now)
    assert fetching.plan_windows(now + timedelta(seconds=50)) == []
    assert len(fetching.plan_windows(now + MINUTE)) == 1


def test_an_api_without_a_traced_hop_gets_no_window(api, now):
    Hop.objects.filter(api=api).exclude(kind="cloudfront").delete()
    assert fetching.plan_windows(now) == []
    assert not TraceWindow.objects.exists()


def test_a_newer_window_takes_over_those_still_waiting_but_not_one_in_work(api, now):
    fetching.plan_windows(now)
    fetching.plan_windows(now + MINUTE)
    working = TraceWindow.objects.get(end=now + MINUTE)
    TraceWindow.claim(working.pk, now=now + MINUTE, lease_seconds=150)

    fetching.plan_windows(now + 2 * MINUTE)

    states = dict(TraceWindow.objects.values_list("end", "state"))
    assert states[now] == FetchState.SUPERSEDED
    assert states[now + MINUTE] == FetchState.PENDING
    assert TraceWindow.objects.due(now + 2 * MINUTE).get().end == now + 2 * MINUTE


@pytest.mark.parametrize(("hours_ago", "reach"), [(0.1, 0.25), (2, 2), (30, 6)])
def test_after_an_outage_a_window_reaches_back_to_what_was_read_last(api, now, hours_ago, reach):
    read = now - timedelta(hours=hours_ago)
    TraceWindow.objects.create(api=api, start=read - 15 * MINUTE, end=read, state=FetchState.DONE)

    fetching.plan_windows(now)

    assert TraceWindow.objects.get(end=now).start == now - timedelta(hours=reach)


def test_a_window_is_fetched_stored_and_finished(window, api, xray, now):
    xray.found, xray.processed, xray.is_capped = [seen(1, now), seen(2, now, status=None)], 40, True

    assert fetching.read_window(window.pk, now=now, connect=xray.connect)

    assert xray.asked == ["eu-west-1", (now - 15 * MINUTE, now, 'service("products-api/prod")')]
    assert set(TraceSummary.objects.values_list("trace_id", "api", "status", "response_seconds")) == {
        (trace_id(1), api.pk, 200, 0.1),
        (trace_id(2), api.pk, None, 0.1),
    }
    window.refresh_from_db()
    assert (window.state, window.next_at, window.traces_processed, window.is_capped) == ("done", None, 40, True)
    assert AccountHealth.objects.get(service="xray").state == "FRESH"


def test_a_window_is_fetched_by_one_worker_only(window, xray, now):
    assert fetching.read_window(window.pk, now=now, connect=xray.connect)
    assert not fetching.read_window(window.pk, now=now, connect=xray.connect)
    assert len(xray.asked) == 2


def test_a_trace_that_completes_later_is_overwritten_not_doubled(api, xray, now):
    for minute, changes in enumerate([{"is_partial": True, "status": None}, {"has_fault": True, "status": 502}]):
        (pk,) = fetching.plan_windows(now + minute * MINUTE)
        xray.found = [seen(1, now, **changes)]
        fetching.read_window(pk, now=now + minute * MINUTE, connect=xray.connect)

    trace = TraceSummary.objects.get()
    assert (trace.is_partial, trace.has_fault, trace.status) == (False, True, 502)


def test_a_trace_stays_with_the_api_that_saw_it_first(window, api, distribution, xray, now):
    xray.found = [seen(1, now)]
    fetching.read_window(window.pk, now=now, connect=xray.connect)
    other = EdgeApi.objects.create(
        slug="other", name="Other", account=api.account, region=api.region, distribution=distribution
    )
    Hop.objects.create(
        api=other, account=api.account, region=api.region, kind="lambda", position=1, name="shared", dimensions={}
    )
    again = TraceWindow.objects.create(api=other, start=now - 15 * MINUTE, end=now, next_at=now)
    fetching.read_window(again.pk, now=now, connect=xray.connect)

    assert TraceSummary.objects.get().api == api


def test_text_longer_than_its_column_is_cut(window, xray, now):
    xray.found = [seen(1, now, url="https://a.test/" + "x" * 3000, method="PROPFINDALL")]
    fetching.read_window(window.pk, now=now, connect=xray.connect)
    trace = TraceSummary.objects.get()
    assert (len(trace.url), trace.method) == (2000, "PROPFINDAL")


def test_a_throttled_window_waits_and_says_so_on_the_account(window, xray, now):
    xray.error = throttled()

    assert not fetching.read_window(window.pk, now=now, connect=xray.connect)

    window.refresh_from_db()
    assert window.state == FetchState.RETRY
    assert now <= window.next_at <= now + timedelta(seconds=2)
    health = AccountHealth.objects.get(service="xray")
    assert health.state == "FETCH_FAILED"
    assert "tries again by itself" in health.message
    xray.error, later = None, now + timedelta(seconds=3)
    assert fetching.read_window(window.pk, now=later, connect=xray.connect)
    assert AccountHealth.objects.get(service="xray").state == "FRESH"


def test_a_denied_window_fails_at_once_and_names_the_missing_action(window, xray, now):
    xray.error = denied()
    fetching.read_window(window.pk, now=now, connect=xray.connect)
    window.refresh_from_db()
    assert (window.state, window.next_at) == (FetchState.FAILED, None)
    health = AccountHealth.objects.get(service="xray")
    assert health.state == "FORBIDDEN"
    assert "Allow the IAM action xray:GetTraceSummaries" in health.message


def test_retries_end(window, xray, now):
    xray.error = throttled()
    for attempt in range(MAX_ATTEMPTS):
        fetching.read_window(window.pk, now=now + attempt * 2 * MINUTE, connect=xray.connect)
    window.refresh_from_db()
    assert (window.state, window.attempts, window.next_at) == (FetchState.FAILED, MAX_ATTEMPTS, None)


def test_a_window_that_keeps_killing_its_worker_is_given_up(window, xray, now):
    TraceWindow.objects.update(attempts=MAX_ATTEMPTS)
    assert not fetching.read_window(window.pk, now=now, connect=xray.connect)
    window.refresh_from_db()
    assert (window.state, window.next_at) == (FetchState.FAILED, None)
    assert "Given up" in window.last_error
    assert xray.asked == []


def test_a_window_of_an_api_that_lost_its_traced_hops_fails_in_words(window, api, xray, now):
    Hop.objects.filter(api=api).exclude(kind="cloudfront").delete()
    assert not fetching.read_window(window.pk, now=now, connect=xray.connect)
    window.refresh_from_db()
    assert (window.state, window.last_error) == ("failed", "No hop of this API reports to X-Ray any more.")


def test_a_document_is_asked_for_once(summary, now):
    first = fetching.ask_document(summary, now=now)
    second = fetching.ask_document(summary, now=now + MINUTE)
    assert (first.pk, second.asked_at) == (second.pk, now)
    assert list(TraceDocument.objects.due(now)) == [first]


def test_a_document_is_fetched_and_kept(summary, xray, now):
    xray.held = {summary.trace_id: (SEGMENT,)}
    document = fetching.ask_document(summary, now=now)

    assert fetching.read_document(document.pk, now=now, connect=xray.connect)
    assert not fetching.read_document(document.pk, now=now, connect=xray.connect)

    document.refresh_from_db()
    assert (document.state, document.segments, document.fetched_at) == (FetchState.DONE, [SEGMENT], now)
    assert xray.asked == ["eu-west-1", (summary.trace_id,)]


def test_a_trace_x_ray_no_longer_holds_is_absent_and_may_be_asked_for_again(summary, xray, now):
    document = fetching.ask_document(summary, now=now)
    assert not fetching.read_document(document.pk, now=now, connect=xray.connect)
    document.refresh_from_db()
    assert (document.state, document.next_at) == (FetchState.ABSENT, None)
    assert "Transaction Search" in document.last_error

    again = fetching.ask_document(summary, now=now + MINUTE, again=True)

    assert (again.state, again.attempts, again.last_error) == (FetchState.PENDING, 0, "")
    xray.held = {summary.trace_id: (SEGMENT,)}
    assert fetching.read_document(document.pk, now=now + MINUTE, connect=xray.connect)


def test_asking_again_leaves_a_waiting_document_alone_and_a_fetched_one_readable(summary, xray, now):
    document = fetching.ask_document(summary, now=now)
    fetching.ask_document(summary, now=now + MINUTE, again=True)
    document.refresh_from_db()
    assert document.asked_at == now

    xray.held = {summary.trace_id: (SEGMENT,)}
    fetching.read_document(document.pk, now=now, connect=xray.connect)
    assert fetching.ask_document(summary, now=now + MINUTE, again=True).segments == [SEGMENT]


def test_a_denied_document_fails_and_names_the_missing_action(summary, xray, now):
    xray.error = DeniedError("xray:BatchGetTraces", "AccessDeniedException", "not authorized")
    document = fetching.ask_document(summary, now=now)
    fetching.read_document(document.pk, now=now, connect=xray.connect)
    document.refresh_from_db()
    assert document.state == FetchState.FAILED
    assert "xray:BatchGetTraces" in document.last_error


def test_calls_are_counted_on_the_account(account, now, monkeypatch):
    made = []
    monkeypatch.setattr(fetching, "XRay", lambda region, meter, access: made.append((region, meter)))
    fetching.connect(account, "eu-west-1", now)
    ((region, meter),) = made
    meter("xray", "GetTraceSummaries", 40)
    meter("xray", "GetTraceSummaries", 2)
    usage = AwsUsage.objects.get()
    assert (region, usage.operation, usage.calls, usage.units) == ("eu-west-1", "GetTraceSummaries", 2, 42)


def test_tidying_drops_what_x_ray_dropped_and_windows_that_are_history(summary, api, now, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    day = timedelta(days=1)
    fetching.ask_document(summary, now=now)
    for number in range(3):
        TraceWindow.objects.create(api=api, start=now, end=now + number * MINUTE, state=FetchState.DONE)
    waiting = TraceWindow.objects.create(api=api, start=now, end=now + 3 * MINUTE, next_at=now)

    assert fetching.tidy(now + day) == 0
    assert fetching.tidy(now + day + 3 * MINUTE) == 3
    assert list(TraceWindow.objects.all()) == [waiting]
    assert fetching.tidy(now + 30 * day) == 0
    assert fetching.tidy(now + 31 * day) == 2
    assert not TraceDocument.objects.exists()
