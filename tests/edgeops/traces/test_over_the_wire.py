"""From X-Ray over the wire to a waterfall: local AWS answers what the filters, the reader and the builder ask."""

from datetime import UTC, datetime, timedelta

import pytest

from edgeops.aws import clients
from edgeops.aws.errors import ThrottledError
from edgeops.aws.xray import XRay
from edgeops.estate.models import EdgeApi, Hop
from edgeops.traces import fetching, filters, waterfall
from edgeops.traces.models import TraceDocument, TraceSummary, TraceWindow

REST = Hop(kind="rest_api", name="products-api", dimensions={"ApiName": "products-api", "Stage": "prod"})
ORDERS = Hop(kind="lambda", name="orders-handler", dimensions={})
SEARCH = Hop(kind="target_group", name="catalog-search", dimensions={})
BROWSE = Hop(kind="target_group", name="catalog-browse", dimensions={})
QUARTER = timedelta(minutes=15)


@pytest.fixture
def point_at(monkeypatch):
    """Points the product's own clients at a local AWS for one test."""

    def point(local):
        monkeypatch.setenv("AWS_ENDPOINT_URL", local.url)
        clients.forget()
        return local

    yield point
    clients.forget()


@pytest.fixture
def here(point_at, shared_local_aws):
    return point_at(shared_local_aws)


@pytest.fixture
def xray(here):
    return XRay("eu-west-1", lambda *_: None)


@pytest.mark.parametrize(
    ("hops", "url"),
    [
        ([REST], "https://"),
        ([ORDERS], ""),
        ([SEARCH, BROWSE], "https://catalog.example.test/"),
    ],
)
def test_every_kind_of_path_finds_its_traces(xray, hops, url):
    now = datetime.now(UTC)

    page = xray.summaries(now - QUARTER, now, filters.expression(hops))

    assert len(page.summaries) > 20
    assert page.traces_processed >= len(page.summaries)
    assert all(summary.url.startswith(url) for summary in page.summaries)
    assert all(now - QUARTER <= summary.started_at < now for summary in page.summaries)
    names = {name for summary in page.summaries for name in summary.services}
    assert names >= {f"{hop.name}/prod" if hop is REST else hop.name for hop in hops}


@pytest.mark.parametrize("hops", [[REST], [ORDERS], [SEARCH, BROWSE]])
def test_the_segments_of_a_trace_form_one_tree_as_long_as_the_trace(xray, hops):
    now = datetime.now(UTC)
    summary = xray.summaries(now - QUARTER, now, filters.expression(hops)).summaries[-1]

    (trace,) = xray.traces([summary.trace_id])
    flow = waterfall.build(trace.segments)

    assert [row.depth for row in flow.rows].count(0) == 1
    assert flow.total_seconds == pytest.approx(summary.duration_seconds, abs=0.01)


def test_a_trace_of_the_past_incident_names_its_guilty_segment(xray):
    """products' Lambda failed from 150 to 115 minutes ago."""
    start = datetime.now(UTC) - timedelta(minutes=145)
    page = xray.summaries(start, start + 2 * QUARTER, filters.expression([REST]))
    faulty = next(summary for summary in page.summaries if summary.has_fault)

    (trace,) = xray.traces([faulty.trace_id])
    flow = waterfall.build(trace.segments)

    assert flow.guilty.depth > 0
    assert any(row.span.exceptions for row in flow.rows)


def test_a_window_and_a_document_are_fetched_through_the_real_door(here, api):
    now = datetime.now(UTC)
    (window,) = fetching.plan_windows(now)
    assert fetching.read_window(window, now=now)

    summary = TraceSummary.objects.first()
    document = fetching.ask_document(summary, now=now)
    assert fetching.read_document(document.pk, now=now)

    assert TraceWindow.objects.get().state == "done"
    assert waterfall.build(TraceDocument.objects.get().segments).rows
    usage = EdgeApi.objects.get().account.usage
    assert usage.get(operation="GetTraceSummaries").units >= TraceSummary.objects.count()
    assert usage.get(operation="BatchGetTraces").units == 1


def test_a_throttled_x_ray_is_a_named_error_over_the_wire_too(point_at, local_aws):
    point_at(local_aws).control("faults", {"kind": "throttle", "service": "xray"})
    now = datetime.now(UTC)
    with pytest.raises(ThrottledError):
        XRay("eu-west-1", lambda *_: None).summaries(now - QUARTER, now, filters.expression([REST]))
