import json
import re
from pathlib import Path

from edgeops.discovery import policies
from edgeops.estate.models import Distribution

DOCS = Path(__file__).resolve().parents[3] / "docs" / "operating.md"
ACCOUNT = "123456789012"


def in_docs():
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)]


def test_the_operating_guide_shows_the_same_policies_as_an_accounts_page():
    assert policies.reading() in in_docs()
    assert policies.invalidating([], ACCOUNT) in in_docs()


def test_reading_names_every_action_and_changes_nothing():
    assert {"cloudwatch:GetMetricData", "cloudfront:ListDistributions", "apigateway:GET"} <= set(policies.READ)
    for action in policies.READ:
        service, _, verb = action.partition(":")
        assert re.fullmatch(r"[a-z0-9]+", service)
        assert verb.startswith(("Get", "List", "Describe", "BatchGet", "GET"))


def test_an_accounts_role_is_trusted_with_its_own_external_id_only():
    (statement,) = policies.trust("edgeops-abc")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "edgeops-abc"}}
    assert statement["Action"] == "sts:AssumeRole"


def test_invalidating_is_for_named_distributions_only():
    two = [Distribution(aws_id="E2"), Distribution(aws_id="E1")]
    (statement,) = policies.invalidating(two, ACCOUNT)["Statement"]
    assert statement["Resource"] == [f"arn:aws:cloudfront::{ACCOUNT}:distribution/{one}" for one in ("E1", "E2")]
