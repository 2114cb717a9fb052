import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dashboards.views import traces as view
from edgeops.access.models import Audit
from edgeops.aws.errors import DeniedError
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccessState, AccountHealth, Hop
from edgeops.traces.models import TraceDocument, TraceSummary, TraceWindow

LIST = "/apis/products/traces/"
HANDLER = {
    "id": "b" * 16,
    "parent_id": "a" * 16,
    "name": "products-handler",
    "origin": "AWS::Lambda::Function",
    "start_time": 100.25,
    "end_time": 100.75,
    "fault": True,
    "cause": {
        "exceptions": [
            {"type": "TimeoutError", "message": "<b>no</b> answer", "stack": [{"path": "app.py", "line": 7}]}
        ]
    },
    "annotations": {"product": "tv"},
}
STAGE = {"id": "a" * 16, "name": "products-api/prod", "start_time": 100.0, "end_time": 101.0}


@pytest.fixture
def page(client, vera):
    client.force_login(vera)
    return client


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr(view, "publish", lambda task, *args: sent.append((task.name, *args)))
    return sent


@pytest.fixture
def trace(api):
    return make(api, 1, url="https://products.example.test/products/7", method="GET", status=200)


@pytest.fixture
def document(trace):
    return TraceDocument.objects.create(
        summary=trace,
        state=FetchState.DONE,
        segments=[STAGE, HANDLER],
        asked_at=timezone.now(),
        fetched_at=timezone.now(),
    )


def make(api, number, *, minutes_ago=5, **facts):
    return TraceSummary.objects.create(
        api=api,
        account=api.account,
        region=api.region,
        trace_id=f"1-6741b1c0-{number:024x}",
        started_at=timezone.now() - timedelta(minutes=minutes_ago),
        **facts,
    )


def ids(response):
    return [trace.trace_id[-1] for trace in response.context["traces"]]


def address(trace):
    return f"/traces/{trace.trace_id}/"


def test_the_list_shows_the_traces_of_its_range_newest_first(page, api):
    make(api, 1, minutes_ago=50)
    make(api, 2, minutes_ago=5, url="https://products.example.test/products/2", method="GET", status=200)
    make(api, 3, minutes_ago=90)

    response = page.get(LIST + "?range=1h")

    assert ids(response) == ["2", "1"]
    assert "GET https://products.example.test/products/2" in response.text
    assert "a sample, never a total" in response.text


@pytest.mark.parametrize(
    ("show", "expected"),
    [("fault", "1"), ("error", "32"), ("throttle", "3"), ("all", "4321"), ("nonsense", "4321"), ("slowest", "2431")],
)
def test_the_list_is_narrowed_or_ordered_by_what_the_root_answered(page, api, show, expected):
    make(api, 1, minutes_ago=9, has_fault=True)
    make(api, 2, minutes_ago=8, has_error=True, response_seconds=3)
    make(api, 3, minutes_ago=7, has_error=True, has_throttle=True)
    make(api, 4, minutes_ago=6, response_seconds=0.1)

    response = page.get(LIST, {"show": show})

    assert ids(response) == list(expected)
    assert [choice.title for choice in response.context["choices"]] == [
        "All 4",
        "Faults (5xx) 1",
        "Errors (4xx) 2",
        "Throttles (429) 1",
        "Slowest first",
    ]


def test_the_choice_of_traces_keeps_the_range_of_the_page(page, api):
    links = page.get(LIST, {"range": "1h", "show": "fault"}).context["choices"]
    assert links[1].href == "?range=1h&show=fault"
    assert [link.current for link in links] == ["", "true", "", "", ""]


def test_a_long_list_is_cut_and_says_so(page, api, monkeypatch):
    monkeypatch.setattr(view, "MAX_SHOWN", 2)
    for number in range(3):
        make(api, number)
    response = page.get(LIST)
    assert len(response.context["traces"]) == 2
    assert "The first 2 of 3 traces" in response.text


def test_an_empty_list_says_why(page, api):
    assert "No traces fetched yet" in page.get(LIST).text

    now = timezone.now()
    TraceWindow.objects.create(api=api, start=now, end=now, state=FetchState.DONE)
    assert "No such trace in this time" in page.get(LIST).text

    Hop.objects.exclude(kind="cloudfront").delete()
    assert "Nothing on this path is traced" in page.get(LIST).text


def test_a_denied_x_ray_names_the_missing_action_and_keeps_what_was_fetched(page, api, trace):
    error = DeniedError("xray:GetTraceSummaries", "AccessDeniedException", "not authorized")
    AccountHealth.note(api.account, api.region, "xray", AccessState.FORBIDDEN, message=str(error), now=timezone.now())
    response = page.get(LIST)
    assert "Allow the IAM action xray:GetTraceSummaries" in response.text
    assert ids(response) == ["1"]

    AccountHealth.note(api.account, api.region, "xray", AccessState.FRESH, now=timezone.now())
    assert "IAM action" not in page.get(LIST).text


def test_a_capped_fetch_is_said(page, api):
    now = timezone.now()
    TraceWindow.objects.create(api=api, start=now, end=now, state=FetchState.DONE, is_capped=True)
    assert "only the newest 1,000" in page.get(LIST).text


@time_machine.travel("2026-11-22T12:00:30Z", tick=False)
def test_a_refresh_without_news_is_an_empty_304(page, api, trace):
    fresh = page.get(LIST, headers={"HX-Request": "true"})
    assert "<html" not in fresh.text
    again = {"HX-Request": "true", "If-None-Match": fresh["ETag"]}
    assert page.get(LIST, headers=again).status_code == 304
    TraceWindow.objects.create(api=api, start=trace.started_at, end=timezone.now(), state=FetchState.DONE)
    assert page.get(LIST, headers=again).status_code == 200


def test_the_list_costs_the_same_number_of_queries_whatever_its_length(page, api, django_assert_num_queries):
    make(api, 0)
    page.get(LIST)
    for number in range(1, 20):
        make(api, number, services=["products-api/prod"])
    with django_assert_num_queries(12):
        page.get(LIST)


def test_an_unknown_api_or_trace_is_not_found(page, api, published):
    assert page.get("/apis/nothing/traces/").status_code == 404
    for path in ("", "document.json"):
        assert page.get(f"/traces/1-00000000-{0:024x}/{path}").status_code == 404
    assert page.post(f"/traces/1-00000000-{0:024x}/fetch/").status_code == 404
    assert published == []


def test_opening_a_trace_asks_for_its_segments_once_and_refreshes_until_they_are_there(page, trace, published):
    first, second = page.get(address(trace)), page.get(address(trace))

    document = TraceDocument.objects.get()
    assert published == [("tasks.tracing.fetch_document", document.pk)]
    assert document.next_at is not None, "the sweep finds it when the message is lost"
    for response in (first, second):
        assert 'data-refresh-seconds="2"' in response.text
        assert "A worker is fetching the segments" in response.text
    assert not Audit.objects.exists()


def test_a_fetched_trace_is_a_waterfall_that_no_longer_refreshes(page, trace, document):
    text = page.get(address(trace)).text
    assert "data-refresh-seconds" not in text
    assert '<rect data-state="fault" x="25.0%" y="4" width="50.0%"' in text
    assert "deepest fault" in text
    assert "<pre>app.py:7\n</pre>" in text
    assert "{{" not in text
    assert "{%" not in text
    assert "<dt>Exception</dt><dd><strong>TimeoutError</strong>" in text
    assert "AWS::Lambda::Function" in text
    assert "&lt;b&gt;no&lt;/b&gt; answer" in text, "what a segment says is text, never markup"
    assert "style=" not in text.split("<main", 1)[1]


def test_a_refresh_answers_only_the_live_part(page, trace, document):
    text = page.get(address(trace), headers={"HX-Request": "true"}).text
    assert text.strip().startswith('<div id="live"')
    assert "Where the time went" in text


@pytest.mark.parametrize(("state", "words"), [("failed", "could not be fetched"), ("absent", "No segments.")])
def test_a_fetch_that_ended_without_segments_says_what_happened(page, trace, published, state, words):
    TraceDocument.objects.create(summary=trace, state=state, asked_at=timezone.now(), last_error="Because of this.")
    text = page.get(address(trace)).text
    assert words in text
    assert "Because of this." in text
    assert "data-refresh-seconds" not in text
    assert published == []


def test_a_trace_may_be_fetched_again_and_stays_readable_meanwhile(page, trace, document, published):
    response = page.post(address(trace) + "fetch/", follow=True)

    assert response.redirect_chain == [(address(trace), 302)]
    assert published == [("tasks.tracing.fetch_document", document.pk)]
    assert "A worker is fetching" in response.text
    assert "Where the time went" in response.text


def test_the_raw_segments_are_a_download(page, trace, document):
    response = page.get(address(trace) + "document.json")
    assert response["Content-Disposition"] == f'attachment; filename="{trace.trace_id}.json"'
    assert json.loads(response.content) == {"Id": trace.trace_id, "Segments": [STAGE, HANDLER]}


def test_segments_not_fetched_yet_cannot_be_downloaded(page, trace):
    TraceDocument.objects.create(summary=trace, asked_at=timezone.now())
    assert page.get(address(trace) + "document.json").status_code == 404


def test_fetching_again_is_a_post_and_reading_a_get(page, trace, document):
    assert page.get(address(trace) + "fetch/").status_code == 405
    assert page.post(address(trace)).status_code == 405
    assert page.post(LIST).status_code == 405


def test_a_stranger_signs_in_first_and_somebody_without_a_role_is_refused(client, nils, trace, document, published):
    paths = [LIST, address(trace), address(trace) + "document.json"]
    for path in paths:
        assert client.get(path)["Location"].startswith("/")
    client.force_login(nils)
    for path in paths:
        assert client.get(path).status_code == 403
    assert client.post(address(trace) + "fetch/").status_code == 403
    assert published == []
