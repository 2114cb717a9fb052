from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from edgeops.aws.distributions import Listed
from edgeops.aws.errors import CredentialsError, DeniedError, NotFoundError
from edgeops.discovery import running
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
PRODUCTS = Listed("E1", ARN, "d1.cloudfront.net", ("a.test",), "Products", is_enabled=True)


class Distributions:
    """CloudFront with one distribution, until it refuses."""

    def __init__(self, error=None):
        self.error = error

    def listed(self):
        if self.error is not None:
            raise self.error
        return iter([PRODUCTS])

    def setup(self, distribution_id):
        raise NotFoundError("cloudfront:GetDistribution", "NoSuchDistribution", "no such distribution")


class Tags:
    """Tags of one distribution."""

    def of_distributions(self):
        return {ARN: {"team": "shop"}}


@pytest.fixture
def aws(monkeypatch):
    gateways = SimpleNamespace(distributions=Distributions(), tags=Tags())
    monkeypatch.setattr(running, "Gateways", lambda meter_of, access: gateways)
    return gateways


@pytest.fixture
def asked(account):
    return running.ask(account, DiscoveryKind.DISTRIBUTIONS, "", requested_by="alice", now=NOW)


def test_the_distributions_of_an_account_are_written_down(asked, aws):
    assert running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.finished_at, asked.next_at) == (FetchState.DONE, NOW, None)
    assert asked.problems == []
    assert asked.result["distributions"] == [
        {
            "id": "E1",
            "domain": "d1.cloudfront.net",
            "aliases": ["a.test"],
            "name": "Products",
            "enabled": True,
            "origins": [],
            "tags": {"team": "shop"},
        }
    ]


def test_a_row_is_worked_once(asked, aws):
    assert running.run(asked.pk, now=NOW)
    assert not running.run(asked.pk, now=NOW)


def test_a_refusal_names_the_action_to_allow(asked, aws):
    aws.distributions.error = DeniedError("cloudfront:ListDistributions", "AccessDenied", "no")
    assert not running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert asked.state == FetchState.FAILED
    assert "Allow the IAM action cloudfront:ListDistributions" in asked.last_error


def test_tags_that_are_denied_leave_the_distributions(asked, aws):
    def refuse():
        raise DeniedError("tag:GetResources", "AccessDeniedException", "no")

    aws.tags.of_distributions = refuse
    assert running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert asked.state == FetchState.DONE
    assert [one["tags"] for one in asked.result["distributions"]] == [{}]
    (problem,) = asked.problems
    assert problem["action"] == "tag:GetResources"
    assert "Allow the IAM action tag:GetResources" in problem["message"]


def test_asking_again_while_an_answer_is_awaited_finds_the_same_row(asked, account, aws):
    again = running.ask(account, DiscoveryKind.DISTRIBUTIONS, "", requested_by="bob", now=NOW)
    other = running.ask(account, DiscoveryKind.PATH, "E1", requested_by="bob", now=NOW)
    assert again == asked
    assert other != asked

    assert running.run(asked.pk, now=NOW)
    assert running.ask(account, DiscoveryKind.DISTRIBUTIONS, "", requested_by="bob", now=NOW) != asked


def test_expired_credentials_are_tried_again_and_told_on_the_account_until_then(asked, aws):
    aws.distributions.error = CredentialsError("cloudfront:ListDistributions", "ExpiredToken", "expired")
    assert not running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.finished_at) == (FetchState.RETRY, None)
    assert AccountHealth.objects.troubled().get().service == running.SERVICE

    aws.distributions.error = None
    assert running.run(asked.pk, now=NOW + timedelta(minutes=2))
    asked.refresh_from_db()
    assert (asked.state, asked.last_error) == (FetchState.DONE, "")
    assert not AccountHealth.objects.troubled().exists()


def test_a_distribution_that_is_gone_fails_the_row_and_is_no_trouble_of_the_account(account, aws):
    asked = running.ask(account, DiscoveryKind.PATH, "E9GONE", requested_by="alice", now=NOW)
    assert not running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.next_at, asked.finished_at) == (FetchState.FAILED, None, NOW)
    assert "It may have been deleted" in asked.last_error
    assert not AccountHealth.objects.exists()


def test_a_question_of_a_newer_version_is_not_answered_with_a_guess(account, aws):
    asked = Discovery.objects.create(
        account=account, kind="dreams", requested_at=NOW, requested_by="alice", next_at=NOW
    )
    assert not running.run(asked.pk, now=NOW)
    asked.refresh_from_db()
    assert (asked.state, asked.last_error) == (FetchState.FAILED, running.UNKNOWN)


def test_distributions_of_another_account_are_not_taken_for_those_of_this_one(asked, account, aws):
    account.aws_account_id = "999999999999"
    account.save()
    assert not running.run(asked.pk, now=NOW)
    asked.refresh_from_db()
    assert (asked.state, asked.result) == (FetchState.FAILED, None)
    assert "reach the account 123456789012, not 999999999999" in asked.last_error
