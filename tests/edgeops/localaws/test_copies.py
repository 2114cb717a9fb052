import pytest

from edgeops.localaws import metrics, scenarios
from edgeops.localaws.copies import with_copies
from edgeops.localaws.simulation import Settings, Simulation
from edgeops.localaws.state import State, Store
from edgeops.localaws.traces import Tracer
from edgeops.localaws.world import Incident
from edgeops.localaws.worldfile import WorldError
from tests.edgeops.localaws.conftest import NOW, WORLD, trouble
from tests.edgeops.localaws.test_cloudwatch import BROWSE, values

COPIED = with_copies(WORLD, 40)
COPY_OF_BROWSE = {
    "LoadBalancer": "app/catalog-alb-040/50dc6c495c0c9040",
    "TargetGroup": "targetgroup/catalog-browse-040/943f017f100be040",
}


def copied(clock, *, stricken=()):
    return Simulation(
        COPIED, Store(State(anchor=clock.now, scenarios=tuple(stricken))), Settings(delay_seconds=0), clock
    )


def test_forty_copies_make_five_thousand_series_of_distinct_names():
    known = [metrics.catalogue(COPIED.apis_of(account)) for account in COPIED.accounts]

    assert sum(len(series) for series in known) > 5_000
    for told in (
        [api.slug for api in COPIED.apis],
        [api.distribution.id for api in COPIED.apis],
        [api.distribution.domain for api in COPIED.apis],
        [api.distribution.alias for api in COPIED.apis if api.distribution.alias],
        [tenant.id for api in COPIED.apis for tenant in api.distribution.tenants],
        [(hop.kind, hop.id or hop.name) for api in COPIED.apis for hop in api.hops],
        [(hop.kind, hop.name) for api in COPIED.apis for hop in api.hops],
        [acl.metric for api in COPIED.apis for acl in (api.waf, api.regional_waf) if acl],
        [api.health_check.id for api in COPIED.apis if api.health_check],
    ):
        assert len(set(told)) == len(told)


def test_a_copy_is_named_as_the_module_says():
    found = COPIED.api("products-001")

    assert found.distribution.id == "E1PRODUCTSDEMO001"
    assert found.distribution.domain == "d1products00demo001.cloudfront.net"
    assert found.distribution.alias == "products-001.example.test"
    assert (found.gateway.name, found.gateway.id, found.gateway.stage) == ("products-api-001", "a1b2c3d001", "prod")
    assert found.waf.metric == "ProductsAcl001"
    assert COPIED.host("products-001.example.test").api is found


def test_a_copy_repeats_its_original_to_the_request(clock):
    struck = trouble("unhealthy_targets", "catalog", intensity=1.0, target="catalog-browse")
    simulation = copied(clock, stricken=[struck])

    for name, stat in (("RequestCount", "Sum"), ("TargetConnectionErrorCount", "Sum"), ("TargetResponseTime", "p90")):
        original = values(simulation, "AWS/ApplicationELB", name, BROWSE, stat)
        assert original
        assert values(simulation, "AWS/ApplicationELB", name, COPY_OF_BROWSE, stat) == original


def test_the_traces_of_a_copy_are_its_own_and_are_found_again(clock):
    tracer = Tracer(copied(clock).traffic)

    found = tracer.of_minute("catalog-040", int(NOW.timestamp()) // 60 - 1)

    assert {trace.group for trace in found} == {"catalog-search-040", "catalog-browse-040"}
    assert [tracer.find(trace.id) for trace in found] == list(found)


def test_a_scenario_strikes_the_original_and_never_a_copy():
    with pytest.raises(scenarios.ScenarioError, match="strike that"):
        scenarios.plan(Incident("gateway_504", "products-001", 0), COPIED, scenario_id="s", now=0.0)


def test_no_copies_leave_the_world_as_it_is():
    assert with_copies(WORLD, 0) == WORLD


@pytest.mark.parametrize("count", [-1, 10_000])
def test_an_impossible_number_of_copies_is_refused_with_the_limit(count):
    with pytest.raises(WorldError, match="0 to 9999"):
        with_copies(WORLD, count)
