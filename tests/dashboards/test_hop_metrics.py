import pytest

from edgeops.access.models import Audit
from edgeops.metrics import interests
from edgeops.metrics.models import Series

pytestmark = pytest.mark.django_db


@pytest.fixture
def function(measured):
    return measured.hops.get(kind="lambda")


@pytest.fixture
def page_of(client, vera):
    client.force_login(vera)

    def page(hop, **query):
        return client.get(f"/apis/{hop.api.slug}/hops/{hop.pk}/metrics/", query).text

    return page


@pytest.fixture
def post(client, otto):
    client.force_login(otto)

    def post(hop, verb, metric, statistic, **more):
        address = f"/apis/{hop.api.slug}/hops/{hop.pk}/metrics/{verb}/"
        return client.post(address, {"metric": metric, "statistic": statistic, **more}, follow=True)

    return post


def test_every_metric_of_the_hop_stands_with_its_meaning_its_trap_and_whether_it_is_read(page_of, function):
    page = page_of(function)

    for name in ("Invocations", "Duration", "ConcurrentExecutions", "ClaimedAccountConcurrency"):
        assert f'id="{name}"' in page
    assert "An answer with status 500 is not a failure." in page
    assert "0, while the hop reports anything at all" in page
    assert "unknown: a gap" in page
    assert page.count('data-state="OK"') == 5
    assert "5 series of this hop are read: about $0.15 a month while nobody looks, $2.19 if" in page
    assert "Stop reading" not in page, "a viewer changes nothing"


def test_a_name_from_an_article_finds_the_real_one_and_says_why(page_of, measured):
    page = page_of(measured.hops.get(kind="rest_api"), q="5xx")

    assert "CloudWatch calls it" in page
    assert 'id="5XXError"' in page
    assert 'id="Latency"' not in page


def test_a_name_nobody_knows_finds_nothing_and_says_what_that_means(page_of, function):
    page = page_of(function, q="<b>Happiness")

    assert "answers with an empty series" in page
    assert "&lt;b&gt;Happiness" in page


def test_what_additional_metrics_would_cost_stands_with_the_line_that_switches_them_on(page_of, measured):
    edge = measured.hops.get(kind="cloudfront")
    assert "$2.40 a month for this distribution" in page_of(edge)

    measured.distribution.has_additional_metrics = False
    measured.distribution.save()
    page = page_of(edge)
    assert "create-monitoring-subscription --distribution-id E1PRODUCTSDEMO" in page
    assert "EdgeOps never switches them on" in page


def test_an_operator_has_a_metric_read_and_stopped(post, function):
    answer = post(function, "read", "ConcurrentExecutions", "Maximum", q="concurrent")
    series = Series.objects.get(metric="ConcurrentExecutions")

    assert answer.redirect_chain == [(f"/apis/products/hops/{function.pk}/metrics/?q=concurrent", 302)]
    assert "ConcurrentExecutions Maximum is read from now on" in answer.text
    assert "Not read yet; the first values come" in answer.text

    assert "is not read any more" in post(function, "stop", "ConcurrentExecutions", "Maximum").text
    series.refresh_from_db()
    assert series.stopped_at is not None
    assert [row.action for row in Audit.objects.order_by("pk")] == ["series.added", "series.dropped"]


def test_a_metric_an_alarm_needs_is_not_stopped(post, function):
    errors = Series.objects.get(metric="Errors")
    interests.hold(errors, holder_kind="alarm", holder_id=1)

    answer = post(function, "stop", "Errors", "Sum")

    assert "Errors is still read: 1 alarm on it would wait" in answer.text
    assert "An alarm needs it." in answer.text
    assert Series.objects.being_read().filter(pk=errors.pk).exists()


def test_a_metric_that_does_not_exist_is_refused_in_words(post, function):
    assert "it is called Duration" in post(function, "read", "Latency", "p95").text
    assert "publishes no" in post(function, "read", "", "").text


def test_a_series_that_is_not_there_and_a_foreign_hop_are_not_found(client, post, function):
    assert post(function, "stop", "Happiness", "Sum").status_code == 404
    assert client.get(f"/apis/other/hops/{function.pk}/metrics/").status_code == 404


def test_a_viewer_may_not_change_what_is_read(client, vera, function):
    client.force_login(vera)

    for verb in ("read", "stop"):
        answer = client.post(f"/apis/products/hops/{function.pk}/metrics/{verb}/", {"metric": "Errors"})
        assert answer.status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_metrics(client, vera, measured, django_assert_max_num_queries):
    client.force_login(vera)
    hop = measured.hops.get(kind="cloudfront")

    with django_assert_max_num_queries(14):
        client.get(f"/apis/products/hops/{hop.pk}/metrics/")
