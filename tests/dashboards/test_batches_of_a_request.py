import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from edgeops.access.audit import Actor
from edgeops.invalidations import proving
from edgeops.invalidations.models import Batch, BatchState, Policy, Probe, RequestState
from tests.dashboards.batch_pages import page_of, rows, text

OTTO = Actor("user", "otto")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def button(request, batch):
    return reverse("invalidation_probe", args=[request.uuid, batch.pk])


@pytest.fixture
def over(frozen, settle, cloudfront, now):
    """A request whose batch has been probed to its end."""
    cloudfront.is_done = True
    request = frozen("/a", "/b")
    settle(request.batch, until=now + MINUTE)
    request.refresh_from_db()
    return request


def test_an_operator_has_the_edge_asked_again_and_the_page_waits_for_it(client, otto, over):
    client.force_login(otto)
    assert "data-refresh-seconds" not in text(client.get(page_of(over)))
    page = text(client.post(button(over, over.batch), {"round": "1"}, follow=True))
    assert "The edge is asked again; its answers appear" in page
    assert "Asking the edge" in page
    assert 'data-refresh-seconds="2"' in page
    assert ">Probe again</button>" not in page
    over.refresh_from_db()
    assert (over.state, over.batch.round) == (RequestState.COMPLETED, 2)


def test_the_rounds_are_shown_apart_the_newest_first(client, otto, over, edge, settle, now):
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 999_999}
    batch = over.batch
    proving.probe_again(batch, actor=OTTO, now=now + HOUR)
    settle(batch, until=now + 2 * HOUR)
    client.force_login(otto)
    page = text(client.get(page_of(over)))
    newer, older = page.index("Round 2 <span"), page.index("Round 1 <span")
    assert newer < page.index("1 fresh, 1 stale", newer) < older < page.index("2 fresh", older)
    assert "4 probes" in page
    assert "Still stale at the edge" in page


def test_a_double_click_asks_once(client, otto, over, settle, now):
    """Even when the first click's round is over before the second arrives."""
    client.force_login(otto)
    client.post(button(over, over.batch), {"round": "1"})
    assert "asked again already" in text(client.post(button(over, over.batch), {"round": "1"}, follow=True))
    batch = Batch.objects.get()
    settle(batch, until=batch.next_at + MINUTE)
    assert "asked again already" in text(client.post(button(over, over.batch), {"round": "1"}, follow=True))
    assert Batch.objects.get().round == 2


@pytest.mark.parametrize("wrong", [{}, {"round": ""}, {"round": "x"}, {"round": "-1"}, {"round": "9" * 400}])
def test_a_round_that_was_not_shown_asks_nothing(client, otto, over, wrong):
    client.force_login(otto)
    assert client.post(button(over, over.batch), wrong).status_code == 302
    assert Batch.objects.get().round == 1


def test_a_viewer_neither_sees_the_button_nor_presses_it(client, vera, over):
    client.force_login(vera)
    assert "Probe again" not in text(client.get(page_of(over)))
    assert client.post(button(over, over.batch), {"round": "1"}).status_code == 403
    assert Batch.objects.get().round == 1


def test_only_a_post_asks(client, otto, over):
    client.force_login(otto)
    assert client.get(button(over, over.batch)).status_code == 405
    assert Batch.objects.get().round == 1


def test_a_batch_of_another_request_is_not_found(client, otto, over, frozen, now):
    other = frozen("/z", now=now + HOUR)
    client.force_login(otto)
    for address in (button(over, other.batch), reverse("invalidation_probe", args=[uuid.uuid4(), over.batch.pk])):
        assert client.post(address, {"round": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("state", "probes", "words"),
    [
        (BatchState.IN_PROGRESS, 5, "This batch is “In progress”. Only what CloudFront has completed"),
        (BatchState.VERIFIED, 0, "asks for no probes. Raise its number of probes first"),
    ],
)
def test_why_it_cannot_be_asked_is_said(client, otto, over, state, probes, words):
    Batch.objects.update(state=state)
    Policy.objects.create(distribution=over.distribution, probes=probes)
    client.force_login(otto)
    assert words in text(client.post(button(over, over.batch), {"round": "1"}, follow=True))
    assert Batch.objects.get().round == 1


def test_three_thousand_items_are_listed_by_batch_in_few_queries(
    client, vera, asked, run_until, cloudfront, now, django_assert_max_num_queries
):
    """The most one request may hold; as much as may be in progress at CloudFront leaves first."""
    cloudfront.is_done = True
    request = asked(*(f"/{number}" for number in range(3_000)))
    run_until(now + 2 * MINUTE)
    client.force_login(vera)
    with django_assert_max_num_queries(13):
        page = text(client.get(page_of(request)))
    found = rows(page)
    assert sum(int(row[2].replace(",", "")) for row in found) == 3_000
    assert len(found) == Batch.objects.count() > 2
    assert {row[1] for row in found} == {"Verified"}
    assert {row[4] for row in found} == set(Batch.objects.values_list("aws_id", flat=True))
    assert "200 are shown" in page


def test_the_file_tells_all_batches_of_a_request(client, vera, asked, run_until, cloudfront, unlimited, now):
    cloudfront.is_done = True
    request = asked(*(f"/{number}" for number in range(1_500)))
    run_until(now + MINUTE)
    client.force_login(vera)
    (row,) = csv.DictReader(io.StringIO(b"".join(client.get("/cache/invalidations.csv").streaming_content).decode()))
    assert (row["id"], row["billed"], row["cloudfront_id"]) == (str(request.uuid), "1500", "I1 I2")
    newest = Batch.objects.latest("completed_at").completed_at
    assert row["completed_at"] == f"{newest:%Y-%m-%dT%H:%M:%SZ}"
    Batch.objects.filter(aws_id="I2").update(completed_at=None, verified_at=None)
    (row,) = csv.DictReader(io.StringIO(b"".join(client.get("/cache/invalidations.csv").streaming_content).decode()))
    assert (row["completed_at"], row["verified_at"]) == ("", "")


def test_old_rounds_give_way_to_new_ones(client, vera, over, now):
    """However often somebody asks, the page stays as long as a person reads."""
    Probe.objects.bulk_create(
        Probe(batch=over.batch, round=number, at=now, url=f"https://x/{path}", verdict="fresh", reason="miss")
        for number in range(2, 60)
        for path in range(5)
    )
    client.force_login(vera)
    page = text(client.get(page_of(over)))
    assert "Round 59 <span" in page
    assert "Round 1 <span" not in page
    assert "The newest rounds are shown; 59 were asked for." in page


def test_a_second_try_whose_cause_is_no_longer_kept_says_so(client, vera, asked, over):
    retry = asked("/a", cause=("request", over.uuid))
    client.force_login(vera)
    assert f'<a href="{page_of(over)}">an earlier invalidation</a>' in text(client.get(page_of(retry)))
    over.delete()
    page = text(client.get(page_of(retry)))
    assert "an earlier invalidation, which is no longer kept" in page
    assert str(over.uuid) not in page
