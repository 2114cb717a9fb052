import re
import uuid
from html import unescape

import pytest
from django.utils import timezone

from edgeops.access.models import Audit
from edgeops.discovery.models import Discovery, DiscoveryKind, Resolution
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop
from edgeops.metrics.models import Series

PATH = {
    "api": {
        "slug": "payments-api",
        "name": "Payments API",
        "account": "demo",
        "region": "eu-west-1",
        "distribution": {
            "aws_id": "E7PAYMENTSDEMO",
            "name": "payments-api",
            "domain": "d7payments00demo.cloudfront.net",
            "aliases": ["payments.example.test"],
            "has_additional_metrics": True,
        },
        "hops": [
            {
                "kind": "cloudfront",
                "name": "E7PAYMENTSDEMO",
                "region": "us-east-1",
                "position": 0,
                "dimensions": {"DistributionId": "E7PAYMENTSDEMO", "Region": "Global"},
                "details": {"key": "E7", "cache_policies": ["short", "none"]},
            },
            {
                "kind": "http_api",
                "name": "payments-api",
                "region": "eu-west-1",
                "position": 1,
                "dimensions": {"ApiId": "p6q7r8s9t0", "Stage": "$default"},
                "details": {"internal": True},
            },
            {
                "kind": "lambda",
                "name": "payments-handler",
                "region": "eu-west-1",
                "position": 2,
                "dimensions": {"FunctionName": "payments-handler"},
            },
        ],
    },
    "notes": ["The function is reached by its alias live."],
}
PROBLEM = {
    "what": "the web ACL",
    "action": "wafv2:GetWebACL",
    "message": "wafv2:GetWebACL failed. Allow the IAM action wafv2:GetWebACL to the role EdgeOps uses.",
}
CONFIRMED = {
    "api-name": "Payments API",
    "api-slug": "payments",
    "hop-0-keep": "on",
    "hop-0-name": "E7PAYMENTSDEMO",
    "hop-1-keep": "on",
    "hop-1-name": "payments-api",
    "hop-2-keep": "on",
    "hop-2-name": "payments-handler",
    "added": "0",
}
BALANCER = {
    "added": "1",
    "added-0-kind": "alb",
    "added-0-keep": "on",
    "added-0-name": "payments-alb",
    "added-0-region": "eu-west-1",
    "added-0-position": "3",
    "added-0-LoadBalancer": "app/payments-alb/50dc6c495c0c9188",
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


@pytest.fixture
def as_otto(client, otto):
    client.force_login(otto)
    return client


@pytest.fixture
def found(account):
    return look(account)


def look(account, **changes):
    now = timezone.now()
    held = {"state": FetchState.DONE, "finished_at": now, "result": PATH, "problems": [PROBLEM], **changes}
    return Discovery.objects.create(
        account=account,
        kind=DiscoveryKind.PATH,
        subject="E7PAYMENTSDEMO",
        requested_at=now,
        requested_by="otto",
        **held,
    )


def address(discovery, verb=""):
    return f"/apis/new/path/{discovery.pk}/{verb}"


def error_of(page, field):
    shown = re.search(rf'id="id_{field}_error">(.*?)</div>', page, re.DOTALL)
    return unescape(shown[1]) if shown else ""


def test_a_path_is_waited_for(as_otto, account):
    asked = look(account, state=FetchState.PENDING, result=None, finished_at=None)
    page = as_otto.get(address(asked)).text
    assert "A worker asks AWS for the path behind this distribution" in page
    assert 'data-refresh-seconds="2"' in page
    assert f'<a href="{address(asked)}">look now</a>' in page


def test_a_look_that_failed_says_why_and_can_be_repeated(as_otto, account, published):
    asked = look(account, state=FetchState.FAILED, result=None, last_error="Allow cloudfront:GetDistribution.")
    page = as_otto.get(address(asked)).text
    assert "Allow cloudfront:GetDistribution." in page
    assert "data-refresh-seconds" not in page

    again = as_otto.post(address(asked, "again/"))
    new = Discovery.objects.exclude(pk=asked.pk).get()
    assert again["Location"] == address(new)
    assert (new.subject, published) == ("E7PAYMENTSDEMO", [("tasks.discovering.run_discovery", new.pk)])


def test_an_operator_sees_the_path_what_is_missing_and_who_confirms(as_otto, found):
    page = as_otto.get(address(found)).text
    for words in (
        "Lambda",
        "payments-handler",
        "FunctionName",
        "cache policies",
        "short, none",
        "internal",
        "What could not be read",
        "wafv2:GetWebACL",
        "The function is reached by its alias live.",
        "An admin confirms the path",
    ):
        assert words in page
    assert "Add this API" not in page
    assert "data-refresh-seconds" not in page


def test_only_an_admin_adopts(as_otto, found):
    assert as_otto.post(address(found, "adopt/"), CONFIRMED).status_code == 403
    assert not EdgeApi.objects.exists()


def test_the_form_starts_with_what_was_found(as_ada, found):
    page = as_ada.get(address(found)).text
    for value in ('value="Payments API"', 'value="payments-api"', 'value="payments-handler"'):
        assert value in page
    assert page.count('type="checkbox"') == page.count("checked") == 3


def test_a_confirmed_path_is_operated_and_read_from_now_on(as_ada, found):
    answer = as_ada.post(address(found, "adopt/"), CONFIRMED, follow=True)

    api = EdgeApi.objects.get()
    assert answer.redirect_chain == [("/apis/payments/", 302)]
    assert "its first values come within two minutes" in answer.text
    assert (api.name, api.account.name, api.distribution.aws_id) == ("Payments API", "demo", "E7PAYMENTSDEMO")
    assert list(api.hops.values_list("kind", "name")) == [
        ("cloudfront", "E7PAYMENTSDEMO"),
        ("http_api", "payments-api"),
        ("lambda", "payments-handler"),
    ]
    assert Series.objects.filter(hop__api=api, metric="Invocations").exists()
    assert api.path_checked_at is not None
    assert Audit.objects.filter(action="api.added", actor="ada").exists()
    found.refresh_from_db()
    assert (found.api, found.resolution, found.resolved_by) == (api, Resolution.APPLIED, "ada")


def test_hops_are_left_out_renamed_and_added_by_hand(as_ada, found):
    wish = {**CONFIRMED, **BALANCER, "hop-2-name": "handler of payments"}
    del wish["hop-1-keep"]
    as_ada.post(address(found, "adopt/"), wish)

    assert list(Hop.objects.values_list("kind", "name", "position")) == [
        ("cloudfront", "E7PAYMENTSDEMO", 0),
        ("lambda", "handler of payments", 2),
        ("alb", "payments-alb", 3),
    ]
    assert Hop.objects.get(kind="alb").dimensions == {"LoadBalancer": "app/payments-alb/50dc6c495c0c9188"}
    assert Hop.objects.get(kind="alb").details == {"added_by_hand": True}
    assert Hop.objects.get(kind="lambda").details == {"named_by_hand": True}


def test_where_probes_ask_is_corrected_too(as_ada, found):
    probes = {
        "api-description": "Payment status.",
        "api-viewer_base_url": "http://127.0.0.1:9000",
        "api-viewer_host": "payments.example.test",
        "api-origin_probe_url": "http://127.0.0.1:4566/_origin/payments",
    }
    as_ada.post(address(found, "adopt/"), {**CONFIRMED, **probes})
    known = Distribution.objects.get()
    assert [known.viewer_base_url, known.viewer_host, known.origin_probe_url] == list(probes.values())[1:]
    assert EdgeApi.objects.get().description == "Payment status."


def test_one_more_hop_is_asked_for_and_what_was_typed_stays_unjudged(as_ada, found):
    typed = {**CONFIRMED, **BALANCER, "api-slug": "pay ments", "hop-1-name": "gateway", "grow": "1", "kind": "waf"}
    del typed["hop-2-keep"]
    page = as_ada.post(address(found, "adopt/"), typed).text

    for value in ('value="pay ments"', 'value="gateway"', 'value="app/payments-alb/50dc6c495c0c9188"', 'value="ALL"'):
        assert value in page
    assert 'name="added" value="2"' in page
    assert 'name="added-1-kind" value="waf"' in page
    assert page.count("checked") == 4  # of five: the function was left out
    assert "_error" not in page
    assert not EdgeApi.objects.exists()


@pytest.mark.parametrize("kind", ["rest_api", "http_api", "alb", "target_group", "lambda", "waf", "health_check", "s3"])
def test_every_kind_can_be_asked_for_by_hand(as_ada, found, kind):
    page = as_ada.post(address(found, "adopt/"), {**CONFIRMED, "grow": "1", "kind": kind}).text
    assert f'name="added-0-kind" value="{kind}"' in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("api-slug", "pay ments", "letters without accents"),
        ("api-slug", "", "required"),
        ("api-slug", "new", "is the page of another thing"),
        ("api-name", "", "required"),
        ("api-viewer_base_url", "ftp://x", "valid URL"),
        ("api-viewer_host", "a b", "A host name is wanted"),
        ("hop-1-name", "", "needs a name"),
        ("added-0-name", "", "needs a name"),
        ("added-0-region", "Frankfurt", "named like eu-west-1"),
        ("added-0-region", "", "Say which"),
        ("added-0-position", "-1", "greater than or equal to 0"),
        ("added-0-position", "", "Say which"),
        ("added-0-LoadBalancer", "", "stand under LoadBalancer as app/"),
        ("added-0-LoadBalancer", "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/5", "This is an ARN"),
        ("added-0-LoadBalancer", "payments-alb", "stand under LoadBalancer as app/"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_typed_is_lost(as_ada, found, field, value, words):
    typed = {**CONFIRMED, **BALANCER, field: value}
    page = as_ada.post(address(found, "adopt/"), typed).text

    assert words in error_of(page, field)
    assert "Nothing was added." in page
    for name, held in typed.items():
        if held and not name.endswith(("keep", "kind")) and name != "added":
            assert f'name="{name}" value="{held}"' in page
    assert not EdgeApi.objects.exists()


def test_a_region_that_is_none_is_named(as_ada, found):
    page = unescape(
        as_ada.post(address(found, "adopt/"), {**CONFIRMED, **BALANCER, "added-0-region": "eu-wset-1"}).text
    )
    assert "“eu-wset-1” is no AWS region that EdgeOps knows. Did you mean eu-west-1?" in page
    assert not EdgeApi.objects.exists()


def test_a_path_without_hops_is_refused(as_ada, found):
    kept = {name: value for name, value in CONFIRMED.items() if not name.endswith("keep")}
    page = as_ada.post(address(found, "adopt/"), kept).text
    assert "Every hop is left out. Keep at least one" in page
    assert not EdgeApi.objects.exists()


def test_two_hops_of_one_name_are_refused(as_ada, found):
    twice = {**BALANCER, "added": "2", **{name.replace("-0-", "-1-"): value for name, value in BALANCER.items()}}
    page = as_ada.post(address(found, "adopt/"), {**CONFIRMED, **twice, "added": "2"}).text
    assert "Two hops are Application Load Balancer “payments-alb”. Rename one." in page


@pytest.mark.parametrize("sent", [{"added": "x"}, {"added": "21"}, {"added": "1", "added-0-kind": "cloudfront"}])
def test_a_form_no_page_sends_is_a_bad_request(as_ada, found, sent):
    assert as_ada.post(address(found, "adopt/"), {**CONFIRMED, **sent}).status_code == 400


def test_twenty_hops_by_hand_are_the_most(as_ada, found):
    many = {"added": "20", **{f"added-{number}-kind": "s3" for number in range(20)}}
    page = as_ada.post(address(found, "adopt/"), {**CONFIRMED, **many, "grow": "1", "kind": "s3"}).text
    assert "A path takes 20 hops by hand at most." in page
    assert 'name="added" value="20"' in page


def test_a_taken_slug_names_who_has_it(as_ada, found, api):
    page = as_ada.post(address(found, "adopt/"), {**CONFIRMED, "api-slug": "products"}).text
    assert "/apis/products/ is Products API already" in error_of(page, "api-slug")
    assert EdgeApi.objects.count() == 1


def test_a_double_click_is_one_api(as_ada, found):
    first = as_ada.post(address(found, "adopt/"), CONFIRMED)
    second = as_ada.post(address(found, "adopt/"), CONFIRMED)
    assert first["Location"] == second["Location"] == "/apis/payments/"
    assert EdgeApi.objects.count() == 1
    page = as_ada.get(address(found)).text
    assert 'This is operated as <a href="/apis/payments/">Payments API</a>' in page
    assert "Add this API" not in page


def test_a_second_api_may_share_the_distribution_under_another_slug(as_ada, found, account):
    Distribution.objects.create(
        account=account,
        aws_id="E7PAYMENTSDEMO",
        name="payments",
        domain="d7payments00demo.cloudfront.net",
        viewer_base_url="https://pay.example.test",
    )
    first = EdgeApi.objects.create(
        slug="payments-api", name="First", account=account, region="eu-west-1", distribution=Distribution.objects.get()
    )
    page = as_ada.get(address(found)).text
    assert 'EdgeOps operates <a href="/apis/payments-api/">First</a> already' in page
    assert 'value="payments-api-2"' in page
    assert 'value="https://pay.example.test"' in page

    as_ada.post(address(found, "adopt/"), {**CONFIRMED, "api-viewer_base_url": "https://pay.example.test"})
    second = EdgeApi.objects.get(slug="payments")
    assert second.distribution == first.distribution
    assert Distribution.objects.get().name == "payments"


def test_what_is_gone_shows_what_was_typed(as_ada, found):
    Account.objects.all().delete()
    answer = as_ada.post(address(found, "adopt/"), {**CONFIRMED, "api-name": "<b>Pay</b>"})
    assert answer.status_code == 404
    assert "This look at AWS is gone" in answer.text
    assert "&lt;b&gt;Pay&lt;/b&gt;" in answer.text
    assert "csrfmiddlewaretoken" not in re.search("<dl.*?</dl>", answer.text, re.DOTALL)[0]


def test_an_unknown_look_says_how_to_look_again(as_otto, account):
    answer = as_otto.get(f"/apis/new/path/{uuid.uuid4()}/")
    assert answer.status_code == 404
    assert 'href="/apis/new/"' in answer.text


def test_what_is_not_found_yet_cannot_be_adopted(as_ada, account):
    asked = look(account, state=FetchState.PENDING, result=None)
    assert as_ada.post(address(asked, "adopt/"), CONFIRMED)["Location"] == address(asked)
    assert not EdgeApi.objects.exists()


def test_the_page_makes_a_bounded_number_of_queries(as_ada, found, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert as_ada.get(address(found)).status_code == 200
