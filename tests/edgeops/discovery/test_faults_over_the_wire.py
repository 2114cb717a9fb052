"""What goes wrong at AWS while a path is read, over the wire."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from edgeops.aws import apigateway
from edgeops.aws.apigateway import RestApis
from edgeops.aws.apigatewayv2 import HttpApis
from edgeops.discovery import running
from edgeops.discovery.models import DiscoveryKind
from edgeops.estate.fetches import MAX_ATTEMPTS, FetchState
from edgeops.estate.models import Account, AccountHealth
from tests.edgeops.discovery import wire
from tests.fixtures import localaws

MANY = 10_000
HOME = "eu-west-1"
LATER = timedelta(minutes=2)


@pytest.fixture(scope="module")
def pointed(tmp_path_factory):
    """A local AWS with ten thousand more distributions."""
    state = tmp_path_factory.mktemp("localaws") / "localaws.json"
    with localaws.running(state, "--distributions", str(MANY)) as local, wire.pointed_at(local):
        yield local


@pytest.fixture(autouse=True)
def local(pointed):
    yield pointed
    pointed.control("faults", method="DELETE")


@pytest.fixture
def account(db):
    return Account.objects.create(name="demo", aws_account_id="123456789012", region=HOME)


def ask(account, subject, now, kind=DiscoveryKind.PATH):
    return running.ask(account, kind, subject, requested_by="alice", now=now)


def work(row, now):
    running.run(row.pk, now=now)
    row.refresh_from_db()
    return row


def kinds(row):
    return [hop["kind"] for hop in row.result["api"]["hops"]]


def test_ten_thousand_distributions_are_listed_within_a_task(account, now):
    began = time.monotonic()
    row = work(ask(account, "", now, DiscoveryKind.DISTRIBUTIONS), now)
    took = time.monotonic() - began

    listed = row.result["distributions"]
    ids = [one["id"] for one in listed]
    assert (row.state, len(ids)) == (FetchState.DONE, len(set(ids)))
    assert sum(one.startswith("EBULK") for one in ids) == MANY
    tagged = {one["id"]: one["tags"] for one in listed if one["tags"]}
    assert tagged["E1PRODUCTSDEMO"] == {"team": "shop", "environment": "production"}
    assert took < 85  # a task has 90 s


def test_credentials_that_expire_in_the_middle_are_a_delay_and_no_gap(local, account, now):
    local.control("faults", {"kind": "expired_token", "service": "elbv2", "calls": 1})
    row = work(ask(account, "E2CATALOGDEMO0", now), now)
    assert (row.state, row.result) == (FetchState.RETRY, None)
    assert "Renew the AWS credentials of EdgeOps" in row.last_error
    assert AccountHealth.objects.troubled().exists()

    row = work(row, now + LATER)
    assert (row.state, row.problems) == (FetchState.DONE, [])
    assert kinds(row).count("target_group") == 2
    assert not AccountHealth.objects.troubled().exists()


def test_a_service_that_stays_down_is_a_problem_on_the_last_try_and_the_rest_is_found(local, account, now):
    local.control("faults", {"kind": "error_5xx", "service": "ec2"})
    row = ask(account, "E2CATALOGDEMO0", now)
    assert work(row, now).state == FetchState.RETRY

    type(row).objects.filter(pk=row.pk).update(attempts=MAX_ATTEMPTS - 1)
    row = work(row, now + LATER)
    assert row.state == FetchState.DONE
    assert [problem["action"] for problem in row.problems] == ["ec2:DescribeSecurityGroupRules"]
    assert "AWS did not answer" in row.problems[0]["message"]
    assert kinds(row).count("target_group") == 2


def test_a_throttled_api_gateway_is_waited_for(local, account, now):
    local.control("faults", {"kind": "throttle", "service": "apigateway", "calls": 4})
    row = work(ask(account, "E1PRODUCTSDEMO", now), now)
    assert (row.state, row.problems) == (FetchState.DONE, [])
    assert "rest_api" in kinds(row)


def test_a_region_that_is_off_is_named_and_the_others_are_read(account, now):
    account.other_regions = ["ap-east-1", "us-west-2"]
    account.save()
    row = work(ask(account, "E4PARTNERSDEMO", now), now)
    assert row.state == FetchState.DONE
    assert "ap-east-1, so that region is not enabled" in row.problems[0]["message"]
    assert kinds(row)[-2:] == ["rest_api", "lambda"]


def test_a_distribution_that_was_deleted_is_told(account, now):
    row = work(ask(account, "E0DELETED", now), now)
    assert row.state == FetchState.FAILED
    assert row.last_error.startswith("cloudfront:GetDistribution failed (NoSuchDistribution). It may have been deleted")


def test_both_versions_of_api_gateway_share_one_pace_that_aws_allows(local, monkeypatch):
    """With its burst used up AWS allows ten calls a second to all of an account; EdgeOps makes five."""

    monkeypatch.setattr(apigateway, "CALLS_A_SECOND", 5)

    def meter(service, operation, units):
        pass

    def call(number):
        if number % 2:
            return HttpApis(HOME, meter).stages("f6g7h8i9j0")
        return RestApis(HOME, meter).stages("a1b2c3d4e5")

    use_up_the_burst(local.client("apigateway"))
    time.sleep(1)
    before, began = requests(local), time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(call, range(30)))
    assert requests(local) - before == 30  # none was refused: a refused one is sent again
    assert time.monotonic() - began > 30 / 5 - 1


def use_up_the_burst(client):
    """Hurry until AWS refuses: that it does is what the pace is for."""
    with ThreadPoolExecutor(4) as threads, pytest.raises(ClientError, match="TooManyRequestsException"):
        list(threads.map(lambda _: client.get_account(), range(300)))


def requests(local):
    calls = local.control("state")["calls"]
    return sum(count for name, count in calls.items() if name.startswith("apigateway"))
