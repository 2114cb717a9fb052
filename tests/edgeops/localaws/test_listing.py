import pytest

from edgeops.localaws.copies import with_copies
from edgeops.localaws.simulation import Settings, Simulation
from edgeops.localaws.state import State, Store
from tests.edgeops.localaws.conftest import WORLD, code_of, make_simulation, serving, trouble


def listed(served, region="eu-west-1", **asked):
    pages = served.client("cloudwatch", region).get_paginator("list_metrics").paginate(**asked)
    return [
        (metric["Namespace"], metric["MetricName"], {each["Name"]: each["Value"] for each in metric["Dimensions"]})
        for page in pages
        for metric in page["Metrics"]
    ]


def test_the_metrics_of_a_region_are_its_own(served):
    assert {namespace for namespace, _, _ in listed(served, "us-east-1")} == {
        "AWS/CloudFront",
        "AWS/Route53",
        "AWS/WAFV2",
    }
    assert {dimensions.get("ApiName") for _, _, dimensions in listed(served, "us-west-2", MetricName="Count")} == {
        "partners-api"
    }
    assert listed(served, "eu-central-1") == []


@pytest.mark.parametrize("with_value", [True, False])
def test_filters_pick_by_namespace_name_and_dimension(served, with_value):
    wanted = {"Name": "Stage", **({"Value": "prod"} if with_value else {})}

    found = listed(served, Namespace="AWS/ApiGateway", MetricName="Latency", Dimensions=[wanted])

    stages = [dimensions["Stage"] for _, _, dimensions in found]
    assert stages == (["prod"] if with_value else ["$default", "prod"])


def test_additional_metrics_are_listed_only_where_they_are_on(served):
    found = listed(served, "us-east-1", MetricName="CacheHitRate")

    assert {dimensions["DistributionId"] for _, _, dimensions in found} == {
        "E1PRODUCTSDEMO",
        "E2CATALOGDEMO0",
        "E5MEDIADEMO000",
    }


def test_what_is_silent_for_two_weeks_is_not_listed_and_what_is_silent_for_three_hours_is_not_recent(clock):
    long_ago = trouble("gateway_504", "catalog", minutes_ago=600, minutes=120, intensity=0.5)
    with serving(make_simulation(clock, scenarios=[long_ago])) as served:
        balancer = [{"Name": "LoadBalancer", "Value": "app/catalog-alb/50dc6c495c0c9188"}]
        asked = {"Namespace": "AWS/ApplicationELB", "Dimensions": balancer}

        every = {name for _, name, _ in listed(served, **asked)}
        recent = {name for _, name, _ in listed(served, **asked, RecentlyActive="PT3H")}

    assert every - recent == {"HTTPCode_ELB_504_Count", "HTTPCode_ELB_5XX_Count"}
    assert "HTTPCode_ELB_500_Count" not in every


def test_a_long_list_is_told_in_pages_of_five_hundred(clock):
    copied = Simulation(with_copies(WORLD, 10), Store(State(anchor=clock.now)), Settings(delay_seconds=0), clock)
    with serving(copied) as served:
        first = served.client("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB")
        whole = listed(served, Namespace="AWS/ApplicationELB")

    assert len(first["Metrics"]) == 500
    assert len(whole) > 1_000
    assert len({str(metric) for metric in whole}) == len(whole)


@pytest.mark.parametrize("asked", [{"RecentlyActive": "PT1H"}, {"NextToken": "none of ours"}])
def test_a_filter_or_token_that_cannot_be_is_refused(served, asked):
    client = served.client("cloudwatch", parameter_validation=False)

    assert code_of(lambda: client.list_metrics(**asked)) == ("InvalidParameterValue", 400)
