import ast
import json
import re
from pathlib import Path

import botocore.session
import pytest

from edgeops.aws import stage_cache
from edgeops.discovery import policies
from edgeops.estate.models import Distribution

DOCS = Path(__file__).resolve().parents[3] / "docs" / "operating.md"
ACCOUNT = "123456789012"


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


MODULES = sorted(set(Path("edgeops/aws").glob("*.py")) - {Path("edgeops/aws/trials.py")})  # which names what these do
PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag", "apigatewayv2": "apigateway"}
GATEWAYS = {"apigateway", "apigatewayv2"}  # IAM knows their actions by HTTP verb
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}
# Granted by the trust policy of the role, and to whom EdgeOps runs as.
ENTERING = {"sts:AssumeRole"}


def named_actions(module):
    """The IAM actions of every operation a module names, of every service it names."""
    texts = {
        node.value
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    loader = botocore.session.get_session()
    for service in texts & set(loader.get_available_services()):
        model = loader.get_service_model(service)
        for operation in texts & set(model.operation_names):
            verb = model.operation_model(operation).http["method"]
            yield f"{PREFIXES.get(service, service)}:{verb if service in GATEWAYS else operation}"


def test_the_policies_allow_every_action_the_doors_to_aws_name_and_no_other():
    used = {action for module in MODULES for action in named_actions(module)}
    allowed = {*actions("read.json"), *actions("invalidate.json")}
    assert used - NEEDS_NO_PERMISSION - ENTERING == allowed


def actions(name):
    for statement in policy(name)["Statement"]:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action


def policy(name):
    return json.loads((DOCS.parent / "iam" / name).read_text())


@pytest.mark.parametrize("name", ["read.json", "invalidate.json", "trust.json"])
def test_the_operating_guide_shows_each_policy_file_as_it_is(name):
    assert (DOCS.parent / "iam" / name).read_text() in DOCS.read_text()


def test_the_policy_files_are_what_an_accounts_page_shows():
    assert policy("read.json") == policies.reading()
    assert policies.invalidating([], ACCOUNT)["Statement"][0] == policy("invalidate.json")["Statement"][0]
    assert policy("trust.json") == policies.trust("EXTERNAL-ID-OF-THE-ACCOUNT")


def test_nothing_that_changes_aws_is_allowed_on_everything():
    for statement in policy("invalidate.json")["Statement"]:
        assert statement["Resource"] != "*"
        assert not str(statement["Action"]).endswith(":*")


def test_flushing_a_stage_is_allowed_on_its_cache_alone():
    (statement,) = [one for one in policy("invalidate.json")["Statement"] if one["Action"] == stage_cache.ACTION]
    assert statement["Resource"] == stage_cache.resource("eu-west-1", "a1b2c3d4e5", "prod")
