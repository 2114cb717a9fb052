"""Whatever people, sources, AWS and the clock do, in whatever order: the promises hold once all is over."""

import contextlib
import itertools
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeops.access.audit import Actor
from edgeops.aws.errors import InvalidError, ThrottledError, UnavailableError
from edgeops.invalidations import asking, covering, policies, suspending
from edgeops.invalidations.models import (
    Batch,
    BatchState,
    CostMonth,
    Item,
    Priority,
    QuotaProfile,
    Request,
    Source,
    Suspension,
)
from edgeops.invalidations.models.requests import ENDED, RequestState
from tests.fixtures.invalidations import KilledError

CREATE = "cloudfront:CreateInvalidation"
ADA = Actor("user", "ada")
SECOND = timedelta(seconds=1)
FORMS = [*(f"/products/{number}" for number in range(8)), "/products/1/a", "/products/1*", "/products/*", "/orders/1"]
ERRORS = {
    "throttled": ThrottledError(CREATE, "Throttling", "Rate exceeded"),
    "crowded": ThrottledError(CREATE, "TooManyInvalidationsInProgress", "too many"),
    "timed out": UnavailableError(CREATE, "ReadTimeoutError", "timed out"),
    "disliked": InvalidError(CREATE, "InvalidArgument", "one or more bad paths"),
}
ACTIONS = st.one_of(
    st.tuples(
        st.just("ask"),
        st.lists(st.sampled_from(FORMS), min_size=1, max_size=4),
        st.sampled_from(list(Priority)),
        st.sampled_from([(Source.UI, "otto"), (Source.WEBHOOK, "shop"), (Source.WEBHOOK, "stock")]),
        st.booleans(),
    ),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1, 2, 5, 70])),
    st.tuples(st.just("fail"), st.sampled_from(list(ERRORS))),
    st.tuples(st.just("kill"), st.sampled_from(["before", "after"])),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["suspend", "lift"])),
)


@given(actions=st.lists(ACTIONS, max_size=25))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("has_tenants", [False, True])
def test_every_request_ends_covered_by_what_was_sent_after_it(
    actions, asked, tick, advance, distribution, storefront, north, south, cloudfront, now, has_tenants
):
    place, tenants = (storefront, [north, south]) if has_tenants else (distribution, [None, None])
    with transaction.atomic():
        cloudfront.__init__()
        cloudfront.is_done = True
        house = House(asked, tick, advance, place, tenants, cloudfront, now)
        for name, *arguments in actions:
            getattr(house, name)(*arguments)
        house.drain()
        check(cloudfront)
        check_pace(house.calls)
        transaction.set_rollback(True)


class House:
    """Everybody who may do something, and a clock."""

    def __init__(self, asked, tick, advance, distribution, tenants, cloudfront, now):
        self.asked, self.tick, self.advance = asked, tick, advance
        self.distribution, self.tenants = distribution, tenants
        self.cloudfront, self.now = cloudfront, now
        self.calls = []
        policies.set_policy(distribution, {"ceilings": ["/*"], "collapse_threshold": 5}, actor=ADA, now=now)

    def ask(self, forms, priority, gate, is_first):
        source, name = gate
        actor = Actor("user" if source == Source.UI else "webhook", name)
        place = {"distribution": self.distribution, "tenant": self.tenants[0 if is_first else 1]}
        self.asked(*forms, priority=priority, source=source, actor=actor, now=self.now, **place)

    def wait(self, seconds):
        until = self.now + seconds * SECOND
        while self.now < until:
            self.now += SECOND / 2
            self.tick(self.now)
            for batch in Batch.objects.due(self.now):
                self.step(batch)

    def step(self, batch):
        before = len(self.cloudfront.references)
        with contextlib.suppress(KilledError):
            self.advance(batch, self.now)
        if len(self.cloudfront.references) > before:
            self.calls.append((self.now, len(batch.items), batch.wildcards_count))

    def fail(self, how):
        self.cloudfront.failures.append(ERRORS[how])

    def kill(self, when):
        setattr(self.cloudfront, f"kill_{when}", True)

    def cancel(self, number):
        request = Request.objects.order_by("requested_at", "uuid")[number : number + 1].first()
        if request is not None and asking.can_cancel(request):
            asking.cancel(request, actor=ADA, now=self.now)

    def suspend(self):
        if not Suspension.objects.active(self.now).exists():
            suspending.suspend(self.distribution, actor=ADA, reason="origin is down", now=self.now)

    def lift(self):
        for one in Suspension.objects.active(self.now):
            suspending.lift(one, actor=ADA, now=self.now)

    def drain(self):
        self.lift()
        self.cloudfront.failures.clear()
        self.cloudfront.kill_before = self.cloudfront.kill_after = False
        for _ in range(40):
            if all(request.state in ENDED for request in Request.objects.all()):
                return
            self.now += 60 * SECOND
            self.wait(5)
        raise AssertionError([str(request) for request in Request.objects.all()])


def check_pace(calls):
    """What one call takes of the profile is worked off before the next, whatever was killed or refused in between."""
    profile = QuotaProfile()
    for (at, items, wildcards), (following, _, more) in itertools.pairwise(calls):
        pause = (following - at).total_seconds() + 1e-5
        assert pause >= max(1 / profile.calls_per_second, items / profile.items_per_second)
        assert not (wildcards and more) or pause >= wildcards / profile.wildcards_per_second


def check(cloudfront):
    sent = [items for _, items in cloudfront.made.values()]
    billed = sum(map(len, sent))
    assert billed == sum(Batch.objects.values_list("billed_items", flat=True))
    assert billed == sum(CostMonth.objects.values_list("items", flat=True))
    assert all(len(set(items)) == len(items) for items in sent)
    for item in Item.objects.select_related("request", "batch"):
        request, batch = item.request, item.batch
        if request.state == RequestState.CANCELLED:
            assert batch is None
        elif item.failure:
            assert batch.state == BatchState.FAILED
        else:
            cover = item.covered_by or item.sent_form
            assert cover in batch.items
            assert covering.covers(cover, item.sent_form)
            assert batch.submitted_at >= request.requested_at
            assert batch.items in sent
            assert batch.place == request.place
