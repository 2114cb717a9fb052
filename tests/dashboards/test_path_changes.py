from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.discovery.models import Discovery, DiscoveryKind, Resolution
from edgeops.estate import plain, snapshot
from edgeops.estate.document import HopDoc
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi, Hop

WORDS = "Lambda products-images is new on the path."


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
def changed(api):
    return look(api)


def look(api, **changes):
    """A look that found one function more than is operated."""
    operated = snapshot.api_doc(EdgeApi.objects.get(pk=api.pk))
    more = HopDoc(
        kind="lambda",
        name="products-images",
        region="eu-west-1",
        position=2,
        dimensions={"FunctionName": "products-images"},
    )
    shown = replace(operated, hops=(*operated.hops, more))
    now = timezone.now()
    held = {"state": FetchState.DONE, "finished_at": now, "differences": [WORDS, "And <more>."], **changes}
    return Discovery.objects.create(
        account=api.account,
        api=api,
        kind=DiscoveryKind.PATH,
        subject=api.distribution.aws_id,
        requested_at=now,
        requested_by="edgeops",
        result={"api": plain.api_to_plain(shown), "notes": [], "compared_with": plain.fingerprint(operated)},
        **held,
    )


def address(look, verb=""):
    return f"/apis/products/changes/{look.pk}/{verb}"


def test_the_apis_page_says_that_aws_shows_another_path(client, vera, changed):
    client.force_login(vera)
    page = client.get("/apis/products/").text
    assert WORDS in page
    assert "And 1 more." in page
    assert f'href="{address(changed)}"' in page
    assert "Compare now" not in page


@pytest.mark.parametrize("changes", [{"differences": []}, {"resolution": Resolution.DISMISSED}])
def test_a_path_as_operated_or_left_as_it_is_raises_nothing(client, vera, api, changes):
    look(api, **changes)
    client.force_login(vera)
    assert "AWS shows another request path" not in client.get("/apis/products/").text


def test_the_differences_are_told_in_words(client, vera, changed):
    client.force_login(vera)
    page = client.get(address(changed)).text
    assert WORDS in page
    assert "And &lt;more&gt;." in page
    assert "products-images" in page
    assert "Operate it as AWS shows it" not in page


def test_an_admin_applies_the_difference(as_ada, changed):
    answer = as_ada.post(address(changed, "apply/"), follow=True)
    assert answer.redirect_chain == [("/apis/products/", 302)]
    assert "The path is operated as AWS shows it" in answer.text
    assert Hop.objects.on_path().filter(name="products-images").exists()
    changed.refresh_from_db()
    assert (changed.resolution, changed.resolved_by) == (Resolution.APPLIED, "ada")
    assert "Applied</strong> by ada" in as_ada.get(address(changed)).text


def test_an_admin_leaves_the_path_as_it_is(as_ada, changed):
    answer = as_ada.post(address(changed, "dismiss/"), follow=True)
    assert "The path stays as it is operated" in answer.text
    assert "AWS shows another request path" not in answer.text
    assert not Hop.objects.filter(name="products-images").exists()


def test_what_was_decided_stays_decided(as_ada, changed):
    as_ada.post(address(changed, "dismiss/"))
    answer = as_ada.post(address(changed, "apply/"), follow=True)
    assert "Somebody has decided on this already" in answer.text
    assert not Hop.objects.filter(name="products-images").exists()


def test_a_path_somebody_has_changed_since_is_not_overwritten(as_ada, changed):
    Hop.objects.filter(name="products-handler").update(position=3)
    answer = as_ada.post(address(changed, "apply/"), follow=True)
    assert answer.redirect_chain == [(address(changed), 302)]
    assert "Somebody has changed the estate since this was shown" in answer.text
    assert "Operate it as AWS shows it" in answer.text
    assert not Hop.objects.filter(name="products-images").exists()


@pytest.mark.parametrize("verb", ["apply/", "dismiss/"])
def test_an_operator_decides_nothing(client, otto, changed, verb):
    client.force_login(otto)
    assert client.post(address(changed, verb)).status_code == 403
    changed.refresh_from_db()
    assert changed.resolution == Resolution.OPEN


def test_a_look_at_another_api_is_not_there(as_ada, changed):
    assert as_ada.get(address(changed).replace("products", "orders")).status_code == 404


def test_an_operator_has_a_path_compared_now_once(client, otto, api, published):
    client.force_login(otto)
    for _ in range(2):
        assert client.post("/apis/products/look-again/")["Location"] == "/apis/products/"
    asked = Discovery.objects.get()
    assert (asked.kind, asked.api, asked.subject) == (DiscoveryKind.PATH, api, "E1PRODUCTSDEMO")
    assert published[0] == ("tasks.discovering.run_discovery", asked.pk)
    page = client.get("/apis/products/").text
    assert "a worker compares it now" in page
    assert "Compare now" not in page


def test_the_page_says_when_a_path_was_compared_and_why_it_could_not_be(client, otto, api):
    client.force_login(otto)
    assert "Path compared with AWS never yet" in client.get("/apis/products/").text
    EdgeApi.objects.update(path_checked_at=timezone.now() - timedelta(hours=2))
    look(api, state=FetchState.FAILED, differences=[], last_error="Allow cloudfront:GetDistribution.")
    page = client.get("/apis/products/").text
    assert "2 h ago" in page
    assert "Allow cloudfront:GetDistribution." in page


def test_a_new_look_shows_on_an_open_page(client, vera, api):
    client.force_login(vera)
    first = client.get("/apis/products/", headers={"HX-Request": "true"})
    look(api)
    again = client.get("/apis/products/", headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert WORDS in again.text
