"""A hundred people who look at one page cost AWS no more than one does."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from edgeops.access.models import User
from edgeops.metrics import periods
from tests.bench import simulation

VIEWERS = 100
PAGE = "/apis/catalog/?range=15m"
SPAN = timedelta(minutes=3)
SECONDS = timedelta(seconds=1)


def measure() -> float:
    """Upstream calls in the minutes a hundred people have a page open, over those when one has."""
    people = [_signed_in(number) for number in range(VIEWERS)]
    one, many = _calls(people[:1]), _calls(people)
    print(f"  calls in {SPAN} with one viewer: {one}, with {VIEWERS}: {many}")
    return many / one


def _signed_in(number: int) -> Client:
    user = User.objects.create_user(f"bench-{number}")
    user.groups.add(Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(user)
    return client


def _calls(people: Sequence[Client]) -> int:
    """Calls from the moment they open the page, in an estate that was added an hour before."""
    added = periods.floor(timezone.now(), periods.HOUR)
    aws = simulation.begin(added)
    start = simulation.settle_in(aws, added)
    before = aws.calls
    tags = [_look(client, "", start - 5 * SECONDS) for client in people]
    for now in simulation.minutes(start, SPAN):
        simulation.tick(aws, now)
        for after in (5 * SECONDS, 35 * SECONDS):
            tags = [_look(client, tag, now + after) for client, tag in zip(people, tags, strict=True)]
            simulation.tick(aws, now + after + 5 * SECONDS)
    return aws.calls - before


def _look(client: Client, tag: str, now: datetime) -> str:
    """Refresh the page as the browser does; the tag its next refresh sends."""
    with simulation.clock_at(now):
        response = client.get(PAGE, headers={"HX-Request": "true", "If-None-Match": tag})
    if response.status_code not in {200, 304}:
        raise RuntimeError(f"{PAGE} answered {response.status_code}")
    return response.headers["ETag"]
