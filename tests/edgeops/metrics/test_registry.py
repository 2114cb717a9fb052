import pytest

from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics import registry
from edgeops.metrics.models import Series

pytestmark = pytest.mark.django_db


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
