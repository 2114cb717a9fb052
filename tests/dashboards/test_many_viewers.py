"""However many people look at a page, AWS is asked as if one did."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from edgeops.metrics import planning, polling
from edgeops.metrics.models import Lane, PollBatch
from tests.edgeops.metrics.fake_cloudwatch import FakeCloudWatch
from tests.fixtures.people import person

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def calls(measured, now, monkeypatch):
    """What three minutes with so many people on the API's page ask of CloudWatch; each refreshes twice a minute."""

    def look(client, at):
        monkeypatch.setattr(timezone, "now", lambda: at)
        assert client.get("/apis/products/?range=15m", headers={"HX-Request": "true"}).status_code == 200

    def calls(count):
        people = [Client() for _ in range(count)]
        for number, client in enumerate(people):
            client.force_login(person(f"viewer-{number}", "viewer"))
        cloudwatch = FakeCloudWatch()
        for minute in range(1, 4):
            for second in (5, 35):
                for client in people:
                    look(client, now + minute * MINUTE + second * SECOND)
                at = now + minute * MINUTE + (second + 5) * SECOND
                for batch in planning.plan(at):
                    polling.poll(batch.pk, cloudwatch=cloudwatch, now=at)
        return len(cloudwatch.asked)

    return calls


@pytest.mark.parametrize("count", [1, 7])
def test_many_viewers_of_a_page_ask_no_more_of_aws_than_one(calls, count):
    assert calls(count) == 3 * 2  # a request a minute in each of two regions
    assert set(PollBatch.objects.values_list("lane", flat=True)) == {Lane.WATCHED}


def test_nobody_asks_nothing(calls):
    assert calls(0) == 0
