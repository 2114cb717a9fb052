from dataclasses import replace

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.alarms import rules
from edgeops.estate import snapshot
from edgeops.estate.models import Distribution, EdgeApi
from edgeops.invalidations.models import Request
from edgeops.metrics.models import Series

EDIT, REMOVE = "/apis/products/edit/", "/apis/products/remove/"


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


def typed(api, **changes):
    distribution = api.distribution
    probes = {name: getattr(distribution, name) for name in ("viewer_base_url", "viewer_host", "origin_probe_url")}
    return {"name": api.name, "description": api.description, **probes} | changes


def test_an_admin_renames_an_api_whose_address_and_path_stay(as_ada, api):
    before = snapshot.api_doc(api)
    answer = as_ada.post(EDIT, typed(api, name="Shop API", description="What is sold"), follow=True)

    assert answer.redirect_chain == [("/apis/products/", 302)]
    assert "Shop API was saved." in answer.text
    after = snapshot.api_doc(EdgeApi.objects.select_related("account", "distribution").get(slug="products"))
    assert after == replace(before, name="Shop API", description="What is sold")
    assert Audit.objects.get(action="api.changed").actor == "ada"


def test_where_the_edge_and_the_origin_are_probed_is_changed(as_ada, api):
    as_ada.post(EDIT, typed(api, origin_probe_url="https://origin.example.com", viewer_host="shop.example.com"))

    distribution = Distribution.objects.get(pk=api.distribution_id)
    assert (distribution.origin_probe_url, distribution.viewer_host) == (
        "https://origin.example.com",
        "shop.example.com",
    )


def test_the_form_shows_what_is_held_and_whom_else_its_probes_concern(as_ada, api):
    other = EdgeApi.objects.create(
        slug="images", name="Images API", account=api.account, region=api.region, distribution=api.distribution
    )
    page = as_ada.get(EDIT).text
    assert f'value="{api.name}"' in page
    assert 'name="slug"' not in page
    assert f"they change for {other.name} too" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"viewer_host": "not a host"}, "A host name is wanted"),
        ({"origin_probe_url": "javascript:alert(1)"}, "Enter a valid URL"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_changes_nothing(as_ada, api, wrong, words):
    before = snapshot.current()
    page = as_ada.post(EDIT, typed(api, **wrong)).text
    assert "Nothing was saved" in page
    assert words in page
    assert snapshot.current() == before


def test_a_name_that_another_api_has_is_refused(as_ada, api):
    EdgeApi.objects.create(
        slug="images", name="Images API", account=api.account, region=api.region, distribution=api.distribution
    )
    page = as_ada.post(EDIT, typed(api, name="Images API")).text
    assert "An API is called Images API already" in page
    assert EdgeApi.objects.get(slug="products").name == api.name


def test_an_api_is_removed_by_its_typed_name_with_its_series(as_ada, api):
    assert "With it go its" in as_ada.get(REMOVE).text
    answer = as_ada.post(REMOVE, {"confirm": api.name}, follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert f"{api.name} is removed from EdgeOps" in answer.text
    assert not EdgeApi.objects.exists()
    assert not Series.objects.exists()
    assert Audit.objects.get(action="api.removed").actor == "ada"


def test_another_name_removes_nothing(as_ada, api):
    assert "That is not its name" in as_ada.post(REMOVE, {"confirm": "products"}).text
    assert EdgeApi.objects.exists()


def test_an_api_that_an_alarm_watches_is_not_removed_and_the_page_says_why(as_ada, api, rule, now):
    for page in (as_ada.get(REMOVE).text, as_ada.post(REMOVE, {"confirm": api.name}).text):
        assert "is watched by 1 alarm. Disable or delete" in page
    assert EdgeApi.objects.exists()
    rules.delete(rule, actor=Actor("user", "ada"), now=now)
    as_ada.post(REMOVE, {"confirm": api.name})
    assert not EdgeApi.objects.exists()


def test_the_history_of_its_invalidations_stays(as_ada, api, asked):
    asked("/a")
    as_ada.post(REMOVE, {"confirm": api.name})
    assert not EdgeApi.objects.exists()
    assert Request.objects.get().distribution.name == api.distribution.name


@pytest.mark.parametrize("address", ["/apis/nothing/edit/", "/apis/nothing/remove/"])
def test_an_api_that_is_not_there_is_not_found(as_ada, address):
    assert as_ada.get(address).status_code == 404
