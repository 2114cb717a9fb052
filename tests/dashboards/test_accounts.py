import json
import re
from html import unescape

import pytest
from django.utils import timezone

from edgeops.access.models import Audit
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account

ROLE = "arn:aws:iam::345678901234:role/edgeops-reader"
PAYMENTS = {
    "name": "payments",
    "aws_account_id": "345678901234",
    "region": "eu-central-1",
    "other_regions": "us-east-1, us-west-2 us-east-1",
    "role_arn": ROLE,
    "monthly_budget": "12.50",
}


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """What is handed to the workers; no broker runs in these tests."""
    sent = []
    monkeypatch.setattr("dashboards.discoveries.publish", lambda task, pk: sent.append((task.name, pk)))
    return sent


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


def policy(page, label):
    return json.loads(unescape(re.search(rf'aria-label="{label}">(.*?)</pre>', page, re.DOTALL)[1]))


def test_an_admin_adds_an_account_and_is_shown_how_to_let_edgeops_in(as_ada):
    answer = as_ada.post("/settings/accounts/new/", PAYMENTS, follow=True)

    account = Account.objects.get()
    assert answer.redirect_chain[-1][0] == "/settings/accounts/payments/"
    assert (account.regions, str(account.monthly_budget)) == (["eu-central-1", "us-east-1", "us-west-2"], "12.50")
    assert policy(answer.text, "Trust policy")["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::EDGEOPS-ACCOUNT:role/EDGEOPS-ROLE"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": account.external_id}},
        }
    ]
    assert "cloudwatch:GetMetricData" in policy(answer.text, "Reading policy")["Statement"][0]["Action"]
    assert Audit.objects.get(action="account.added").actor == "ada"


@pytest.mark.parametrize("field", ["external_id", "ExternalId"])
def test_nobody_chooses_an_external_id(as_ada, field):
    as_ada.post("/settings/accounts/new/", {**PAYMENTS, field: "mine"})
    made = Account.objects.get().external_id
    as_ada.post("/settings/accounts/payments/edit/", {**PAYMENTS, "region": "eu-west-1", field: "mine"})

    account = Account.objects.get()
    assert made.startswith("edgeops-")
    assert (account.region, account.external_id) == ("eu-west-1", made)


def test_an_account_of_edgeops_own_credentials_has_no_role_to_trust(as_ada):
    page = as_ada.post("/settings/accounts/new/", {**PAYMENTS, "role_arn": ""}, follow=True).text
    assert "EdgeOps&#x27; own credentials" in page or "EdgeOps' own credentials" in page
    assert "Trust policy" not in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "pay ments", "letters without accents"),
        ("name", "new", "is the page of another thing"),
        ("name", "", "This field is required"),
        ("aws_account_id", "12345", "12 digits"),
        ("region", "eu-wset-1", "Did you mean eu-west-1"),
        ("other_regions", "us-east-1, mars-north-1", "“mars-north-1” is no AWS region"),
        ("role_arn", "edgeops-reader", "a role is named arn:aws:iam"),
        ("role_arn", ROLE.replace("345678901234", "123456789012"), "This is a role of another AWS account"),
        ("monthly_budget", "a lot", "Enter a number"),
        ("monthly_budget", "-1", "greater than or equal to 0"),
        ("monthly_budget", "NaN", "Enter a number"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_typed_is_lost(as_ada, field, value, words):
    answer = as_ada.post("/settings/accounts/new/", {**PAYMENTS, field: value})

    assert answer.status_code == 200
    errors = re.search(rf'id="id_{field}_error">(.*?)</div>', answer.text, re.DOTALL)
    assert words in unescape(errors[1])
    for name, typed in {**PAYMENTS, field: value}.items():
        assert not typed or f'name="{name}" value="{typed}"' in answer.text
    assert not Account.objects.exists()


def test_a_second_account_cannot_take_a_name_or_a_role(as_ada):
    as_ada.post("/settings/accounts/new/", PAYMENTS)
    same_name = as_ada.post("/settings/accounts/new/", {**PAYMENTS, "region": "eu-west-1"})
    same_role = as_ada.post("/settings/accounts/new/", {**PAYMENTS, "name": "other"})

    assert "There is an account called payments already" in same_name.text
    assert "is used by the account payments already" in same_role.text
    assert Account.objects.get().region == "eu-central-1"


def test_the_form_sent_twice_is_one_account(as_ada):
    first = as_ada.post("/settings/accounts/new/", PAYMENTS)
    second = as_ada.post("/settings/accounts/new/", PAYMENTS)
    assert first["Location"] == second["Location"] == "/settings/accounts/payments/"
    assert Account.objects.count() == Audit.objects.count() == 1


def test_an_account_is_edited_as_it_stands(as_ada, account):
    page = as_ada.get("/settings/accounts/demo/edit/").text
    assert 'value="123456789012"' in page
    assert 'name="name"' not in page

    as_ada.post("/settings/accounts/demo/edit/", {"aws_account_id": "123456789012", "region": "eu-west-2"})
    account.refresh_from_db()
    assert (account.name, account.region, account.monthly_budget) == ("demo", "eu-west-2", None)


def test_a_viewer_sees_an_account_and_no_way_to_change_it(client, vera, api):
    client.force_login(vera)
    page = client.get("/settings/accounts/demo/").text
    for words in ("123456789012", "eu-west-1", "Products API", "Not tested yet", "What reading takes"):
        assert words in page
    for way in ("/edit/", "/remove/", "Test access"):
        assert way not in page


def test_the_invalidating_policy_names_the_accounts_distributions(client, vera, api):
    client.force_login(vera)
    (statement,) = policy(client.get("/settings/accounts/demo/").text, "Invalidating policy")["Statement"]
    assert statement["Resource"] == "arn:aws:cloudfront::123456789012:distribution/E1PRODUCTSDEMO"


def test_an_operator_has_the_access_tested_by_a_worker(client, otto, account, published):
    client.force_login(otto)
    for _ in range(2):
        assert client.post("/settings/accounts/demo/access/")["Location"] == "/settings/accounts/demo/"

    asked = Discovery.objects.get()
    assert (asked.kind, asked.requested_by) == (DiscoveryKind.ACCESS, "otto")
    assert published[0] == ("tasks.discovering.run_discovery", asked.pk)
    page = client.get("/settings/accounts/demo/").text
    assert "A worker asks AWS for what EdgeOps may do" in page
    assert 'data-refresh-seconds="2"' in page


def test_each_action_is_told_in_words_what_is_denied_first(client, vera, account):
    now = timezone.now()
    checks = [
        ("cloudwatch:GetMetricData", "granted", ""),
        ("xray:GetTraceSummaries", "unknown", "AWS did not answer."),
        ("cloudfront:ListDistributions", "denied", "Allow the IAM action cloudfront:ListDistributions."),
    ]
    Discovery.objects.create(
        account=account,
        kind=DiscoveryKind.ACCESS,
        requested_at=now,
        requested_by="otto",
        state=FetchState.DONE,
        finished_at=now,
        result={
            "checks": [
                {"action": action, "needed_for": "reading", "region": "eu-west-1", "state": state, "message": message}
                for action, state, message in checks
            ]
        },
    )
    client.force_login(vera)
    page = client.get("/settings/accounts/demo/").text

    states = re.findall(r'data-state="(\w+)">(Denied|Unknown|Granted)</span> (\d)', page)
    assert states == [("denied", "Denied", "1"), ("unknown", "Unknown", "1"), ("granted", "Granted", "1")]
    assert [state for state in ("denied", "unknown", "granted") if f'id="access-{state}" open' in page] == ["denied"]
    assert "Allow the IAM action cloudfront:ListDistributions." in page


def test_an_account_is_removed_when_its_name_is_typed(as_ada, account):
    wrong = as_ada.post("/settings/accounts/demo/remove/", {"confirm": "Demo"})
    assert "To remove this account, type demo." in wrong.text
    assert Account.objects.exists()

    done = as_ada.post("/settings/accounts/demo/remove/", {"confirm": "demo"}, follow=True)
    assert "demo is removed from EdgeOps" in done.text
    assert not Account.objects.exists()
    assert Audit.objects.get().action == "account.removed"


def test_an_account_that_is_used_says_by_what_and_stays(as_ada, api):
    assert "cannot be removed while" in as_ada.get("/settings/accounts/demo/remove/").text
    refused = as_ada.post("/settings/accounts/demo/remove/", {"confirm": "demo"})
    assert "is still used by Products API" in refused.text
    assert Account.objects.exists()


@pytest.mark.parametrize("path", ["edit/", "remove/"])
def test_an_operator_changes_no_account(client, otto, account, path):
    client.force_login(otto)
    assert client.post(f"/settings/accounts/demo/{path}", {"confirm": "demo"}).status_code == 403
    assert Account.objects.exists()


def test_a_page_of_an_account_makes_a_bounded_number_of_queries(client, vera, api, django_assert_max_num_queries):
    client.force_login(vera)
    with django_assert_max_num_queries(16):
        assert client.get("/settings/accounts/demo/").status_code == 200
