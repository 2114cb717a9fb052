from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.invalidations import known, policies, warming
from edgeops.invalidations.models import BatchState, Item, KnownUrl, Priority, Request, RequestState, Source, WarmUp

ADA = Actor("user", "ada")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STALE = {"x_cache": "Hit from cloudfront", "age_seconds": 900}


@pytest.fixture(autouse=True)
def done(cloudfront):
    cloudfront.is_done = True


@pytest.fixture
def policy(distribution, now):
    return lambda **wish: policies.set_policy(distribution, wish, actor=ADA, now=now)


@pytest.fixture
def traced(distribution, now):
    known.learn(distribution, {f"/products/{number}": number for number in range(20)}, now=now)


def test_a_wildcard_is_proven_by_the_most_wanted_urls_under_it(frozen, traced, edge, settle, now):
    batch = settle(frozen("/products/*").batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFIED
    assert edge.looks == [f"/products/{number}" for number in (19, 18, 17, 16, 15)]
    assert batch.outcome.startswith("5 known URLs under 1 wildcards or tags probed: 5 fresh")


def test_a_tag_is_proven_by_urls_that_were_seen_to_carry_it(frozen, edge, distribution, settle, now):
    known.meet(distribution, "/products/7", ["#product:7"], now=now)
    request = frozen("/products/1")
    Item.objects.update(sent_form="#product:7", kind="tag")
    batch = request.batch
    type(batch).objects.update(items=["#product:7"], digest=known.freezing.digest(["#product:7"]))
    batch.refresh_from_db()
    settle(batch, until=now + MINUTE)
    assert (batch.state, edge.looks) == (BatchState.VERIFIED, ["/products/7"])


def test_a_stale_url_under_a_wildcard_fails_it(frozen, traced, edge, settle, now):
    edge.answers["/products/18"] = STALE
    batch = settle(frozen("/products/*").batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFY_FAILED
    assert Request.objects.get(source=Source.VERIFY_RETRY).items.get().sent_form == "/products/*"


def test_what_a_probe_saw_is_known_from_then_on(frozen, edge, settle, now):
    edge.answers["/gone"] = {"status": 404, "x_cache": "Error from cloudfront"}
    settle(frozen("/here", "/gone").batch, until=now + MINUTE)
    assert list(KnownUrl.objects.values_list("path", flat=True)) == ["/here"]


def test_a_probe_without_an_answer_is_sent_again_after_a_while_and_its_last_word_counts(frozen, edge, settle, now):
    edge.silences["/a"] = 2
    batch = settle(frozen("/a", "/b").batch, until=now + MINUTE)
    assert edge.looks == ["/a", "/a", "/a", "/b"]
    first, second, *_ = batch.probes.order_by("pk")
    assert second.at - first.at >= 5 * SECOND
    assert (batch.state, batch.outcome) == (
        BatchState.VERIFIED,
        "2 of 2 paths probed: 2 fresh at FRA56-P1; one edge location is not the world.",
    )


def test_an_edge_that_answers_nothing_is_given_up_after_three_probes_and_one_of_each_other(frozen, edge, settle, now):
    edge.silences.update({"/a": 9, "/b": 9, "/c": 9})
    batch = settle(frozen("/a", "/b", "/c").batch, until=now + MINUTE)
    assert edge.looks == ["/a", "/a", "/a", "/b", "/c"]
    assert (batch.state, batch.outcome) == (BatchState.COMPLETED, "Not verified. 3 of 3 paths probed: 3 unknown.")


def test_a_policy_without_probes_leaves_it_completed_and_says_why(frozen, policy, edge, settle, now):
    policy(probes=0)
    batch = settle(frozen("/a").batch, until=now + MINUTE)
    assert (batch.state, edge.looks) == (BatchState.COMPLETED, [])
    assert "asks for no probes" in batch.outcome


def test_a_double_tap_is_one_more_request_after_its_pause_and_never_a_third(frozen, policy, run_until, now):
    policy(double_tap_seconds=20)
    first = frozen("/a", "/b/*", "/b/1")
    run_until(now + 5 * MINUTE)
    tap = Request.objects.get(source=Source.DOUBLE_TAP)
    assert (tap.not_before, tap.cause_id) == (now + 20 * SECOND, str(first.uuid))
    assert sorted(tap.items.values_list("sent_form", flat=True)) == ["/a", "/b/*"]
    assert tap.batch.submitted_at >= now + 20 * SECOND
    assert tap.state == RequestState.VERIFIED
    assert Request.objects.count() == 2


def test_without_the_policy_there_is_no_double_tap(frozen, run_until, now):
    frozen("/a")
    run_until(now + MINUTE)
    assert Request.objects.count() == 1


def test_the_second_try_after_a_stale_probe_repeats_what_was_covered(frozen, edge, settle, now):
    edge.answers["/a"] = STALE
    settle(frozen("/a", "/b").batch, until=now + MINUTE)
    retry = Request.objects.get(source=Source.VERIFY_RETRY)
    assert sorted(retry.items.values_list("sent_form", flat=True)) == ["/a", "/b"]
    assert retry.priority == Priority.URGENT


@pytest.fixture
def warm(edge):
    def through(at):
        row = WarmUp.objects.get()
        while row.next_at is not None:
            assert warming.warm(row.pk, now=max(at, row.next_at), look=edge)
            row.refresh_from_db()
        return row

    return through


def test_the_most_wanted_urls_are_fetched_again_at_a_gentle_pace(
    asked, tick, traced, policy, unlimited, edge, settle, warm, now
):
    policy(warm_urls=6, probes=1)
    asked("/products/*", "/other")
    (batch,) = tick(now + 2 * SECOND)
    settle(batch, until=now + MINUTE)
    edge.looks.clear()
    row = warm(now + MINUTE)
    assert edge.looks == [f"/products/{number}" for number in (19, 18, 17, 16, 15, 14)]
    assert (row.fetched, row.failed, row.attempts) == (6, 0, 2)
    assert warming.warm(row.pk, now=now + 5 * MINUTE, look=edge) is None


def test_what_cannot_be_fetched_is_counted_and_the_rest_goes_on(asked, tick, traced, policy, edge, settle, warm, now):
    policy(warm_urls=2, probes=0)
    asked("/products/*")
    (batch,) = tick(now + 2 * SECOND)
    settle(batch, until=now + MINUTE)
    edge.answers["/products/19"] = {"status": 503, "x_cache": "Error from cloudfront"}
    row = warm(now + MINUTE)
    assert (row.fetched, row.failed) == (2, 1)
    assert "503" in row.last_error


def test_nothing_is_warmed_after_an_urgent_takedown_a_stale_probe_or_by_default(
    frozen, asked, tick, traced, policy, edge, settle, now
):
    settle(frozen("/products/1").batch, until=now + MINUTE)
    policy(warm_urls=5)
    settle(frozen("/products/2").batch, until=now + MINUTE)
    asked("/products/3")
    edge.answers["/products/3"] = STALE
    for batch in tick(now + MINUTE):
        settle(batch, until=now + 2 * MINUTE)
    assert not WarmUp.objects.exists()
