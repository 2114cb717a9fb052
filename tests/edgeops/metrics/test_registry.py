import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics import interests, planning, registry
from edgeops.metrics.models import Series
from edgeops.metrics.registry import RegistryError

pytestmark = pytest.mark.django_db
OTTO = Actor("user", "otto", "192.0.2.7")


@pytest.fixture
def function(api):
    hop = api.hops.get(kind="lambda")
    registry.ensure_series(hop)
    return hop


def test_a_hop_gets_a_series_for_each_of_its_metrics(api):
    hop = api.hops.get(kind="lambda")

    made = registry.ensure_series(hop)

    assert [(one.metric, one.statistic) for one in made] == [
        ("Invocations", "Sum"),
        ("Errors", "Sum"),
        ("Throttles", "Sum"),
        ("Duration", "Average"),
        ("Duration", "p95"),
    ]
    assert {(one.namespace, one.region, one.dimensions_key) for one in made} == {
        ("AWS/Lambda", "eu-west-1", "FunctionName=products-handler")
    }


def test_asking_again_changes_nothing(api):
    hop = api.hops.get(kind="cloudfront")
    first = registry.ensure_series(hop)

    assert registry.ensure_series(hop) == first
    assert Series.objects.count() == len(first)


def test_a_distribution_without_additional_metrics_has_no_paid_series(api):
    api.distribution.has_additional_metrics = False
    api.distribution.save()

    made = registry.ensure_series(api.hops.select_related("api__distribution").get(kind="cloudfront"))

    assert "Requests" in {one.metric for one in made}
    assert {"CacheHitRate", "OriginLatency"}.isdisjoint(one.metric for one in made)


def test_additional_metrics_enabled_later_add_their_series(api):
    hop = api.hops.select_related("api__distribution").get(kind="cloudfront")
    hop.api.distribution.has_additional_metrics = False
    before = registry.ensure_series(hop)
    hop.api.distribution.has_additional_metrics = True

    after = registry.ensure_series(hop)

    assert {one.pk for one in before} < {one.pk for one in after}
    assert "CacheHitRate" in {one.metric for one in after}


def test_two_apis_behind_one_distribution_each_have_its_series(api):
    hop = api.hops.get(kind="cloudfront")
    other = EdgeApi.objects.create(
        slug="other", name="Other", account=api.account, region=api.region, distribution=api.distribution
    )
    twin = Hop.objects.create(
        api=other,
        account=api.account,
        region=hop.region,
        kind=hop.kind,
        position=0,
        name=hop.name,
        dimensions=hop.dimensions,
    )

    assert len(registry.ensure_series(hop)) == len(registry.ensure_series(twin)) == 8


def test_dimensions_make_the_same_key_in_any_order():
    assert registry.dimensions_key({"Region": "Global", "DistributionId": "E1"}) == "DistributionId=E1,Region=Global"
    assert registry.dimensions_key({"DistributionId": "E1", "Region": "Global"}) == "DistributionId=E1,Region=Global"


def test_a_metric_that_is_asked_for_is_read_from_then_on_and_audited_once(function, now):
    added = registry.add(function, "ConcurrentExecutions", "Maximum", actor=OTTO, now=now)

    assert registry.add(function, "ConcurrentExecutions", "Maximum", actor=OTTO, now=now) == added
    assert (added.namespace, added.dimensions_key) == ("AWS/Lambda", "FunctionName=products-handler")
    row = Audit.objects.get()
    assert (row.action, row.actor, row.subject_kind, row.subject_id) == (
        "series.added",
        "otto",
        "series",
        str(added.pk),
    )
    assert row.summary == "Concurrent executions of Lambda products-handler is read from now on"


def test_a_metric_of_the_whole_region_is_asked_for_without_the_hops_dimensions(function, now):
    added = registry.add(function, "UnreservedConcurrentExecutions", "Maximum", actor=OTTO, now=now)

    assert (added.dimensions, added.dimensions_key) == ({}, "")


@pytest.mark.parametrize(
    ("name", "statistic", "words"),
    [
        ("Happiness", "Sum", "publishes no Happiness"),
        ("latency", "p95", "it is called Duration"),
        ("Errors", "p95", "it has Sum"),
    ],
)
def test_a_metric_that_cloudwatch_does_not_have_is_refused_in_words(function, now, name, statistic, words):
    before = Series.objects.count()

    with pytest.raises(RegistryError, match=words):
        registry.add(function, name, statistic, actor=OTTO, now=now)
    assert (Series.objects.count(), Audit.objects.count()) == (before, 0)


def test_an_additional_metric_is_refused_while_they_are_off(api, now):
    hop = api.hops.select_related("api__distribution").get(kind="cloudfront")
    hop.api.distribution.has_additional_metrics = False

    with pytest.raises(RegistryError, match="Switch them on in CloudFront"):
        registry.add(hop, "504ErrorRate", "Average", actor=OTTO, now=now)


def test_a_metric_whose_dimension_the_hop_lacks_is_refused(api, now):
    hop = Hop.objects.create(
        api=api,
        account=api.account,
        region="eu-west-1",
        kind="target_group",
        position=2,
        name="blue",
        dimensions={"LoadBalancer": "app/a/1"},
    )

    with pytest.raises(RegistryError, match="dimension TargetGroup"):
        registry.add(hop, "RequestCountPerTarget", "Sum", actor=OTTO, now=now)


def test_a_stopped_series_keeps_its_row_and_is_neither_planned_nor_brought_back_by_itself(function, now):
    duration = Series.objects.get(metric="Duration", statistic="p95")

    assert registry.drop(duration, actor=OTTO, now=now)
    assert not registry.drop(duration, actor=OTTO, now=now), "it is stopped already"

    registry.ensure_series(function)
    planned = {pk for batch in planning.plan(now) for pk in batch.series_ids}
    duration.refresh_from_db()
    assert duration.stopped_at == now
    assert planned == {one.pk for one in Series.objects.being_read()}
    assert duration.pk not in planned
    assert Audit.objects.get().action == "series.dropped"


def test_a_stopped_series_that_is_asked_for_again_is_the_same_series(function, now):
    duration = Series.objects.get(metric="Duration", statistic="p95")
    registry.drop(duration, actor=OTTO, now=now)

    assert registry.add(function, "Duration", "p95", actor=OTTO, now=now) == duration
    assert Series.objects.being_read().filter(pk=duration.pk).exists()
    assert [row.action for row in Audit.objects.order_by("pk")] == ["series.dropped", "series.added"]


def test_a_series_an_alarm_watches_cannot_be_stopped(function, now):
    errors = Series.objects.get(metric="Errors")
    interests.hold(errors, holder_kind="alarm", holder_id=1)
    interests.hold(errors, holder_kind="alarm", holder_id=2)

    with pytest.raises(RegistryError, match="2 alarms on it would wait"):
        registry.drop(errors, actor=OTTO, now=now)
    assert Series.objects.being_read().filter(pk=errors.pk).exists()
    assert not Audit.objects.exists()


def test_an_alarm_on_a_stopped_series_has_it_read_again(function, now):
    errors = Series.objects.get(metric="Errors")
    registry.drop(errors, actor=OTTO, now=now)

    interests.hold(errors, holder_kind="alarm", holder_id=1)

    assert Series.objects.being_read().filter(pk=errors.pk).exists()
