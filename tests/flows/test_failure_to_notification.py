"""From an invalidation that CloudFront refuses to a mail and a signed webhook as received, through real processes."""

import pytest
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.access.models import User
from edgeops.demo import signing, watching
from edgeops.estate.models import Distribution
from edgeops.invalidations import asking
from edgeops.invalidations.models import Priority, Source
from edgeops.notifications.models import Delivery, DeliveryAttempt, DeliveryState
from edgeops.timeline.models import Failure

SENT = {DeliveryState.DELIVERED, DeliveryState.ACCEPTED}
TITLE = "An invalidation of products failed (AccessDenied)"
SENDERS = ("shop", "stock", "prices")


@pytest.fixture
def refused(house):
    """Both channels listening, CloudFront refusing, and three senders who ask for something, each in a batch."""
    watching.channels(timezone.now())
    house.local_aws.control(
        "faults", {"kind": "access_denied", "service": "cloudfront", "operation": "CreateInvalidation"}
    )
    for sender in SENDERS:
        asking.ask(
            distribution=Distribution.objects.get(name="products"), items=[f"/products/{sender}"],
            source=Source.WEBHOOK, actor=Actor("webhook", sender), reason="price fix", idempotency_key=sender,
            now=timezone.now(), may_invalidate_everything=False, priority=Priority.URGENT,
        )  # fmt: skip


def are_told():
    states = list(Delivery.objects.values_list("state", flat=True))
    return len(states) == 2 and set(states) <= SENT


def test_killing_the_worker_while_it_tells_of_refused_invalidations_tells_each_channel_once(house, refused):
    house.freeze("receivers")
    house.start("actor", "beat")
    house.until(lambda: Failure.objects.filter(count=len(SENDERS)).exists(), "every batch to be refused")
    house.until(lambda: Delivery.objects.exclude(lease_until=None).exists(), "the worker to be sending")
    house.kill("actor", "receivers")
    house.forget_redis()
    assert not DeliveryAttempt.objects.filter(outcome__in=["delivered", "accepted"]).exists()

    house.let_leases_run_out()
    house.start("redis", "receivers", "actor", "web")
    house.until(are_told, "both channels to be told")

    (posted,), (mailed,) = house.messages("webhook"), house.messages("email")
    assert TITLE in mailed.header("Subject")
    assert "Allow the IAM action cloudfront:CreateInvalidation" in " ".join(mailed.body.replace("=\n", "").split())
    assert signing.signer(posted) == watching.WEBHOOK_CHANNEL
    assert '"type":"edgeops.failed"' in posted.body
    failure = Failure.objects.get()
    assert (failure.title, failure.count) == (TITLE, len(SENDERS))

    house.await_web()
    page = house.get("/channels/", house.sign_in(User.objects.get(username="viewer"))).text
    assert TITLE in page
    assert f"{len(SENDERS)} times until" in page
