import json

import pytest
from django.core.management import CommandError, call_command

from edgeops.demo import simulation
from edgeops.demo.management.commands import simulate as simulate_command
from edgeops.localaws import faults, scenarios


@pytest.fixture
def simulate(local_aws, settings, capsys):
    settings.LOCALAWS_PORT = int(local_aws.url.rsplit(":", 1)[1])

    def run(*arguments):
        call_command("simulate", *arguments)
        return json.loads(capsys.readouterr().out)

    return run


def test_a_scenario_starts_and_ends(simulate, local_aws):
    started = simulate("scenario", "lambda_errors", "products", "--minutes", "10", "--intensity", "0.5")

    assert started["is_active"]
    assert started["id"] in simulate("clear")["ended"]
    assert not any(scenario["is_active"] for scenario in local_aws.control("state")["scenarios"])


def test_a_fault_is_seen_in_the_state_and_removed(simulate):
    fault = simulate("fault", "throttle", "cloudwatch", "--seconds", "60")

    assert [found["id"] for found in simulate("state")["faults"]] == [fault["id"]]
    assert simulate("clear")["removed"] == [fault["id"]]
    assert simulate("state")["faults"] == []


@pytest.mark.parametrize("kind", simulate_command.FAULTS)
def test_every_fault_local_aws_knows_can_be_asked_for(simulate, kind):
    seconds = ("--delay-seconds", "5") if kind in ("delay", "clock_skew", "older_create_time") else ()
    match = ("--match", "Count") if kind in ("partial_data", "internal_error", "forbidden") else ()
    service = faults.SERVICE_OF.get(kind, "cloudwatch")

    fault = simulate("fault", kind, service, "--calls", "3", *seconds, *match)

    assert (fault["kind"], fault["calls"], fault["match"]) == (kind, 3, "Count" if match else None)


@pytest.mark.parametrize("scenario", simulation.SCENARIOS)
def test_every_scenario_local_aws_knows_can_be_asked_for(simulate, scenario):
    api = "catalog" if scenario == "unhealthy_targets" else "products"

    assert simulate("scenario", scenario, api, "--minutes", "1")["kind"] == scenario


def test_the_command_offers_exactly_what_local_aws_knows():
    assert set(simulation.SCENARIOS) == set(scenarios.KINDS)
    assert set(simulate_command.FAULTS) == set(faults.KINDS)


def test_quotas_are_changed_switched_off_and_put_back(simulate):
    first = simulate("state")["quotas"]
    changed = simulate("quotas", "items_per_second=20", "calls_per_second=off")

    assert (changed["items_per_second"], changed["calls_per_second"]) == (20, None)
    assert changed["paths_in_progress"] == first["paths_in_progress"]
    assert simulate("quotas") == first


@pytest.mark.parametrize(
    ("word", "reason"),
    [("items_per_second=many", "no number"), ("items_per_second", "no number"), ("x=1", "not a quota")],
)
def test_a_quota_that_cannot_be_is_an_error_with_its_reason(simulate, word, reason):
    with pytest.raises(CommandError, match=reason):
        simulate("quotas", word)


def test_an_edge_is_switched_and_put_back(simulate):
    switched = simulate("edge", "products", "pop=SIN2-P1", "origin_frozen=yes", "cache_tag_header=")
    assert (switched["pop"], switched["origin_frozen"], switched["cache_tag_header"]) == ("SIN2-P1", True, "")

    assert simulate("edge", "products", "pop=off", "origin_frozen=no")["pop"] is None
    assert set(simulate("edge", "products").values()) == {"products", None}
    with pytest.raises(CommandError, match="not a switch"):
        simulate("edge", "products", "ttl=3")


def test_a_role_lets_edgeops_in_until_it_no_longer_does(simulate, local_aws):
    role = "arn:aws:iam::345678901234:role/edgeops-reader"

    simulate("trust", role, "the account's ExternalId")
    trusted = local_aws.control("state")["trusts"]
    simulate("trust", role)

    assert trusted == {role: "the account's ExternalId"}
    assert local_aws.control("state")["trusts"] == {}


def test_what_local_aws_refuses_is_an_error_with_its_reason(simulate):
    with pytest.raises(CommandError, match="Local AWS refused"):
        simulate("scenario", "lambda_errors", "no-such-api")


def test_without_a_demo_the_error_says_what_to_start(settings):
    settings.LOCALAWS_PORT = 9

    with pytest.raises(CommandError, match="make demo"):
        call_command("simulate", "state")
