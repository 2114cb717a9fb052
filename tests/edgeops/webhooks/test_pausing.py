import pytest

from edgeops.access.audit import Actor
from edgeops.invalidations import breaking, waking
from edgeops.invalidations.models import Policy, Request, RequestState
from edgeops.invalidations.suspending import SuspensionError
from edgeops.invalidations.windows import Window
from edgeops.webhooks import pausing, running
from edgeops.webhooks.models import WebhookDelivery
from tests.fixtures.webhooks import event, receive

ADA = Actor("user", "ada")


@pytest.fixture
def post(endpoint, now):
    def receive_and_run(number):
        delivery = receive(endpoint, event(id=number), at=now, message_id=f"msg_{number}").delivery
        running.run(delivery.pk, now=now)

    return receive_and_run


def states():
    return set(Request.objects.values_list("state", flat=True))


def test_what_arrives_at_a_paused_endpoint_is_taken_and_held_until_it_is_resumed(post, endpoint, now):
    held = pausing.pause(endpoint, reason="its sender loops", actor=ADA, now=now)
    for number in range(3):
        post(number)
    assert states() == {RequestState.HELD}
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"processed"}
    assert pausing.paused([endpoint], now) == {endpoint.pk: held}
    assert "its sender loops" in held.words

    pausing.resume(endpoint, actor=ADA, now=now)
    waking.wake(now)
    assert states() == {RequestState.QUEUED}
    assert pausing.paused([endpoint], now) == {}
    pausing.resume(endpoint, actor=ADA, now=now)


def test_an_endpoint_is_paused_once(endpoint, now):
    pausing.pause(endpoint, reason="its sender loops", actor=ADA, now=now)
    with pytest.raises(SuspensionError, match="its sender loops"):
        pausing.pause(endpoint, reason="another", actor=ADA, now=now)


def test_an_endpoint_that_storms_is_paused_by_the_breaker_and_says_so(post, endpoint, now):
    Policy.objects.update_or_create(distribution=endpoint.distribution, defaults={"breaker_per_minute": 3})
    for number in range(5):
        post(number)
    lane = pausing.lane(endpoint)
    distribution = endpoint.distribution
    window = Window(distribution.pk, None, distribution.account_id, lane, 1, 5, now, now)
    assert breaking.watch([window], now) == []
    assert "different items within a minute" in pausing.paused([endpoint], now)[endpoint.pk].words
