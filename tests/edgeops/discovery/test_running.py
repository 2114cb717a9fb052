from datetime import UTC, datetime

import pytest

from edgeops.aws.distributions import Listed
from edgeops.aws.errors import DeniedError
from edgeops.discovery import running
from edgeops.discovery.models import DiscoveryKind
from edgeops.estate.fetches import FetchState

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARN = "arn:aws:cloudfront::1:distribution/E1"
PRODUCTS = Listed(ARN[-2:], ARN, "d1.cloudfront.net", ("a.test",), "Products", is_enabled=True)


@pytest.fixture
def listed(monkeypatch):
    found = [PRODUCTS]
    monkeypatch.setattr(running.Distributions, "listed", lambda self: iter(found))
    return found


@pytest.fixture
def asked(account):
    return running.ask(account, DiscoveryKind.DISTRIBUTIONS, "", requested_by="alice", now=NOW)


def test_the_distributions_of_an_account_are_written_down(asked, listed):
    assert running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.finished_at, asked.next_at) == (FetchState.DONE, NOW, None)
    assert [(one["id"], one["name"], one["aliases"]) for one in asked.result["distributions"]] == [
        ("E1", "Products", ["a.test"])
    ]


def test_a_row_is_worked_once(asked, listed):
    assert running.run(asked.pk, now=NOW)
    assert not running.run(asked.pk, now=NOW)


def test_a_refusal_names_the_action_to_allow(asked, monkeypatch):
    def refuse(self):
        raise DeniedError("cloudfront:ListDistributions", "AccessDenied", "no")

    monkeypatch.setattr(running.Distributions, "listed", refuse)
    assert not running.run(asked.pk, now=NOW)

    asked.refresh_from_db()
    assert asked.state == FetchState.FAILED
    assert "Allow the IAM action cloudfront:ListDistributions" in asked.last_error
