import pytest
from django.utils import timezone

from edgeops.alarms import rules
from edgeops.estate.models import Hop
from edgeops.metrics import paths
from edgeops.metrics.models import Series
from edgeops.traces import fetching
from edgeops.traces.models import TraceWindow

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, otto):
    client.force_login(otto)
    return client


@pytest.fixture
def left(measured):
    """The function, after it left the path."""
    hop = Hop.objects.get(kind="lambda")
    paths.leave(hop, now=timezone.now())
    return hop


def test_the_pages_of_an_api_do_not_show_what_left_its_path(signed_in, left):
    for page in ("/", "/apis/products/", "/apis/products/traces/", "/settings/"):
        assert "products-handler" not in signed_in.get(page).text


@pytest.mark.parametrize("page", ["metrics", "errors"])
def test_the_pages_of_a_hop_end_when_it_leaves(signed_in, measured, page, now):
    hop = Hop.objects.get(kind="lambda")
    address = f"/apis/products/hops/{hop.pk}/{page}/"
    assert signed_in.get(address).status_code == 200

    paths.leave(hop, now=now)

    assert signed_in.get(address).status_code == 404


def test_a_new_alarm_is_offered_nothing_of_what_left(signed_in, left):
    page = signed_in.get("/alarms/new/?api=products").text

    assert "API Gateway (REST) products-api" in page
    assert "products-handler" not in page


def test_an_alarm_on_what_left_says_so(signed_in, measured, condition, actor, now):
    errors = Series.objects.get(hop__kind="lambda", metric="Errors", statistic="Sum")
    rule = rules.create(api=measured, name="errors", series=errors, condition=condition, actor=actor, now=now)
    assert "left the request path" not in signed_in.get(f"/alarms/{rule.pk}/").text

    paths.leave(errors.hop, now=now)

    assert "This resource left the request path" in signed_in.get(f"/alarms/{rule.pk}/").text


def test_traces_are_looked_for_through_what_is_on_the_path(measured, now):
    for hop in measured.hops.exclude(kind="cloudfront"):
        paths.leave(hop, now=now)

    assert fetching.plan_windows(now) == []
    assert not TraceWindow.objects.exists()
