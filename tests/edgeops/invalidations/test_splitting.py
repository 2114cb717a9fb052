from datetime import timedelta

import pytest

from edgeops.invalidations import splitting
from edgeops.invalidations.models import Batch, BatchState, Item, Request, RequestState
from tests.fixtures.invalidations import Picky

SECOND = timedelta(seconds=1)


@pytest.fixture
def cloudfront():
    fake = Picky()
    fake.is_done = True
    return fake


def test_the_bad_item_is_found_and_fails_while_the_others_go_on(asked, run_until, cloudfront, unlimited, now):
    good = asked(*(f"/{number}" for number in range(20)))
    mixed = asked("/bad", "/fine")
    only = asked("/bad")
    cloudfront.dislikes = {"/bad"}
    run_until(now + 60 * SECOND)

    for request in (good, mixed, only):
        request.refresh_from_db()
    assert good.state == RequestState.VERIFIED
    assert (mixed.state, only.state) == (RequestState.FAILED, RequestState.FAILED)
    assert mixed.outcome == "CloudFront refused 1 of 2 items: /bad."
    assert "InvalidArgument" in Item.objects.get(request=only).failure
    assert Item.objects.get(sent_form="/fine").batch.state == BatchState.VERIFIED
    sent = [item for _, items in cloudfront.made.values() for item in items]
    assert sorted(sent) == sorted([f"/{number}" for number in range(20)] + ["/fine"])
    assert not Item.objects.filter(batch=None).exists()


def test_a_batch_that_is_too_large_becomes_two_with_references_of_their_own(
    asked, run_until, cloudfront, unlimited, now
):
    request = asked(*(f"/{number}" for number in range(10)))
    cloudfront.largest = 6
    run_until(now + 30 * SECOND)
    request.refresh_from_db()
    assert (request.state, request.is_split, request.outcome) == (RequestState.VERIFIED, True, "")
    assert [len(items) for _, items in cloudfront.made.values()] == [5, 5]
    assert len(set(cloudfront.made)) == 2
    assert Batch.objects.filter(state=BatchState.SPLIT).get().billed_items == 0


def test_each_half_waits_for_tokens_of_its_own(asked, run_until, cloudfront, now):
    asked("/a", "/bad")
    cloudfront.dislikes = {"/bad"}
    run_until(now + 3 * SECOND)
    assert cloudfront.made == {}
    run_until(now + 8 * SECOND, start=now + 3.5 * SECOND)
    assert [items for _, items in cloudfront.made.values()] == [["/a"]]


def test_a_wildcards_children_go_with_it(asked, run_until, cloudfront, unlimited, now):
    asked("/a/*", "/bad")
    child = asked("/a/1")
    cloudfront.dislikes = {"/bad"}
    run_until(now + 20 * SECOND)
    child.refresh_from_db()
    assert child.items.get().batch.items == ["/a/*"]
    assert child.state == RequestState.VERIFIED


def test_cloudfront_that_dislikes_everything_is_not_asked_for_ever(
    asked, run_until, cloudfront, unlimited, now, monkeypatch
):
    monkeypatch.setattr(splitting, "MAX_SPLITS", 4)
    forms = {f"/{number}" for number in range(64)}
    asked(*forms)
    cloudfront.dislikes = forms
    run_until(now + 60 * SECOND)
    assert Request.objects.get().state == RequestState.FAILED
    assert Batch.objects.filter(state=BatchState.SPLIT).count() == 4
    assert not Item.objects.filter(failure="").exists()
