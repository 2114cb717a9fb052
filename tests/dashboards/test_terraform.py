import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState

URL = "/apis/new/terraform/"
OUTPUTS = {
    "cloudfront_domain_name": {"value": "d7payments00demo.cloudfront.net", "type": "string", "sensitive": False},
    "api_gateway_invoke_url": {"value": "https://p6q7r8s9t0.execute-api.eu-west-1.amazonaws.com/", "sensitive": False},
    "db_password": {"value": "hunter2", "type": "string", "sensitive": True},
    "note": {"value": "canary-in-the-outputs", "type": "string", "sensitive": False},
}


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """What is handed to the workers; no broker runs in these tests."""
    sent = []
    monkeypatch.setattr("dashboards.discoveries.publish", lambda task, pk: sent.append((task.name, pk)))
    return sent


@pytest.fixture
def as_otto(client, otto):
    client.force_login(otto)
    return client


@pytest.fixture
def listed(account):
    now = timezone.now()
    one = {
        "id": "E7PAYMENTSDEMO",
        "domain": "d7payments00demo.cloudfront.net",
        "aliases": ["payments.example.test"],
        "name": "Payments",
        "enabled": True,
        "tags": {},
    }
    return Discovery.objects.create(
        account=account,
        kind=DiscoveryKind.DISTRIBUTIONS,
        requested_at=now,
        requested_by="otto",
        finished_at=now,
        state=FetchState.DONE,
        result={"distributions": [one]},
    )


def test_pasted_outputs_lead_to_their_distribution(as_otto, listed):
    page = as_otto.post(URL, {"text": json.dumps(OUTPUTS)}).text
    for words in ("cloudfront_domain_name", "Payments", "E7PAYMENTSDEMO", "in demo", "p6q7r8s9t0.execute-api"):
        assert words in page
    assert 'formaction="/apis/new/in/demo/pick/"' in page
    assert "Sensitive, and not looked into: db_password." in page


def test_a_file_does_as_well(as_otto, listed):
    file = SimpleUploadedFile("outputs.json", b"\xef\xbb\xbf" + json.dumps(OUTPUTS).encode())
    assert "E7PAYMENTSDEMO" in as_otto.post(URL, {"file": file}).text


@pytest.mark.parametrize("sent", ["text", "file"])
def test_nothing_but_domains_is_shown_again(as_otto, listed, sent):
    text = json.dumps(OUTPUTS)
    answer = as_otto.post(URL, {sent: text if sent == "text" else SimpleUploadedFile("o.json", text.encode())})
    assert "hunter2" not in answer.text
    assert "canary-in-the-outputs" not in answer.text
    assert "&quot;d7payments00demo.cloudfront.net&quot;" in answer.text
    assert "no-store" in answer["Cache-Control"]


def test_what_was_read_can_be_sent_again(as_otto, listed):
    first = as_otto.post(URL, {"text": json.dumps(OUTPUTS)})
    again = as_otto.post(URL, {"text": first.context["form"].initial["text"]})
    assert first.context["rows"] == again.context["rows"]


def test_an_account_not_listed_yet_is_listed(as_otto, account, published):
    page = as_otto.post(URL, {"text": json.dumps(OUTPUTS)}).text
    asked = Discovery.objects.get()
    assert "A worker lists the distributions of demo" in page
    assert "no distribution that is listed" in page
    assert published == [("tasks.discovering.run_discovery", asked.pk)]
    as_otto.post(URL, {"text": json.dumps(OUTPUTS)})
    assert Discovery.objects.count() == 1


def test_without_an_account_one_is_told_so(as_otto):
    assert "No AWS account is known yet" in as_otto.post(URL, {"text": json.dumps(OUTPUTS)}).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "This is empty."),
        ("not {json", "goes wrong at line 1"),
        ("[]", "no outputs by name"),
        ('{"a": {"value": "nothing of ours"}}', "No output is a domain of CloudFront"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept(as_otto, account, text, words):
    page = as_otto.post(URL, {"text": text}).text
    assert words in page
    assert "Found among the outputs" not in page
    assert text.replace('"', "&quot;") in page


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe\x00", "not text"), (b" " * 1_048_577, "larger than 1024 KB")]
)
def test_a_file_that_cannot_be_read_is_said(as_otto, account, content, words):
    assert words in as_otto.post(URL, {"file": SimpleUploadedFile("o.json", content)}).text


def test_all_accounts_are_read_in_a_bounded_number_of_queries(as_otto, listed, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        assert as_otto.post(URL, {"text": json.dumps(OUTPUTS)}).status_code == 200
