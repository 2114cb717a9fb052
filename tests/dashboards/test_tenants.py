"""Tenants on the pages: chosen in the form, named wherever an invalidation is shown, found in the history."""

import csv
import io
import re
import uuid
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.invalidations import known
from edgeops.invalidations.models import DistributionConfig, KnownUrl, Request, Tenant
from edgeops.webhooks.models import Endpoint

NEW = "/cache/invalidations/new/"


@pytest.fixture
def form(storefront, north, south):
    def filled(paths="/products/1", tenant="storefront-north", **changes):
        values = {"distribution": storefront.pk, "tenant": tenant, "paths": paths, "reason": "price fix"}
        return values | {"token": uuid.uuid4().hex} | changes

    return filled


@pytest.fixture
def ask(asked, storefront):
    def of(tenant, *items, **changes):
        return asked(*items, distribution=storefront, tenant=tenant, **changes)

    return of


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def digest(client, values):
    return re.search(r'name="seen" value="([0-9a-f]{64})"', client.post(NEW, values).content.decode())[1]


def send(client, values, **changes):
    """Preview, then press the button."""
    return client.post(NEW, values | {"seen": digest(client, values)} | changes)


def test_the_tenant_is_asked_for_only_where_there_are_tenants(client, otto, distribution, storefront, north, south):
    client.force_login(otto)
    for address in (NEW, f"{NEW}?distribution={distribution.pk}", f"{NEW}?distribution=x", f"{NEW}?distribution=0"):
        assert 'name="tenant"' not in text(client.get(address))
    page = text(client.get(f"{NEW}?distribution={storefront.pk}&tenant=storefront-south"))
    assert re.search(r'<input type="text" name="tenant" value="storefront-south"[^>]* list="tenants"', page)
    assert '<option value="storefront-north">north.storefront.example.test</option>' in page


@pytest.mark.parametrize("page", [f"{NEW}?", "/cache/webhooks/new/?scheme=github&"])
def test_choosing_a_distribution_brings_its_field_for_a_tenant_alone(
    client, ada, distribution, storefront, north, south, page
):
    client.force_login(ada)

    def brought(chosen, **typed):
        chosen = urlencode({"distribution": chosen} | typed)
        return client.get(f"{page}{chosen}", headers={"HX-Request": "true"}).text.strip()

    field = brought(storefront.pk, tenant="no<rth")
    assert re.match(r'<div class="field">\s*<label for="id_tenant">Tenant</label>\s*<input', field)
    assert 'value="no&lt;rth"' in field
    assert '<option value="storefront-south">' in field
    assert "<form" not in field
    assert [brought(other) for other in (distribution.pk, "", "x", 0, -1, "9" * 40)] == [""] * 6


def test_a_copy_of_an_earlier_request_is_for_another_distribution_where_that_is_chosen(
    client, otto, ask, distribution, storefront, north
):
    client.force_login(otto)
    copy = f"{NEW}?copy={ask(north, '/a').pk}"
    assert 'value="storefront-north"' in text(client.get(copy))
    assert client.get(f"{copy}&distribution={distribution.pk}", headers={"HX-Request": "true"}).text.strip() == ""


def test_without_a_tenant_it_is_asked_for_before_anything_is_shown(client, otto, form):
    client.force_login(otto)
    values = form(tenant="")
    del values["tenant"]
    page = text(client.post(NEW, values))
    assert "Say which of its tenants is meant." in page
    assert 'name="tenant"' in page
    assert "What it would do" not in page
    assert not Request.objects.exists()


@pytest.mark.parametrize(
    "named", ["storefront-north", " dt_2wNorthStorefrontDemo0001", "north.storefront.example.test"]
)
def test_a_tenant_named_in_any_way_is_previewed_and_asked_for(client, otto, form, north, named):
    client.force_login(otto)
    assert "1 item on storefront-north of storefronts" in text(client.post(NEW, form(tenant=named)))
    assert send(client, form(tenant=named)).status_code == 302
    assert Request.objects.get().tenant == north


def test_an_unknown_tenant_is_refused_and_cloudfront_asked_anew(client, otto, form, now):
    client.force_login(otto)
    DistributionConfig.objects.update(next_at=timezone.now() + timezone.timedelta(hours=1))
    page = text(client.post(NEW, form(tenant="front")))
    assert "has no tenant that is called “front”. Near to it: storefront-north, storefront-south." in page
    assert "EdgeOps reads them now; try again in a few seconds." in page
    assert DistributionConfig.objects.get().next_at <= timezone.now()


def test_tenants_that_may_not_be_listed_are_told_with_the_action(client, otto, form, storefront):
    client.force_login(otto)
    Tenant.objects.all().delete()
    words = "Allow the IAM action cloudfront:ListDistributionTenants to the role EdgeOps uses."
    DistributionConfig.objects.update(last_error=words)
    page = text(client.post(NEW, form(tenant="")))
    assert f"EdgeOps knows none of its tenants yet. {words}" in page


@pytest.mark.parametrize("named", ["<b>x</b>", "x" * 300, "é\u202e", "%", "' OR 1=1"])
def test_a_tenant_that_cannot_be_is_refused_beside_its_field(client, otto, form, named):
    client.force_login(otto)
    page = text(client.post(NEW, form(tenant=named)))
    assert "What it would do" not in page
    assert "<b>x</b>" not in page
    assert not Request.objects.exists()


def test_urls_of_the_tenant_are_taken_and_of_another_refused_with_its_name(client, otto, form):
    client.force_login(otto)
    assert "1 item on" in text(client.post(NEW, form("https://north.storefront.example.test/a")))
    page = text(client.post(NEW, form("https://south.storefront.example.test/a")))
    assert "is a name of the tenant storefront-south of storefronts: ask for it there." in page


def test_everything_is_confirmed_with_the_tenants_name(client, ada, form, north):
    client.force_login(ada)
    page = text(client.post(NEW, form("/*")))
    assert "/* empties the whole cache of storefront-north of storefronts." in page
    assert "Type the name of the tenant to confirm." in page
    for typed in ("", "storefronts", "storefront-south"):
        refused = text(send(client, form("/*"), confirm=typed))
        assert "To invalidate everything, type the tenant&#x27;s name: storefront-north" in refused
    assert send(client, form("/*"), confirm="storefront-north").status_code == 302
    assert Request.objects.get().tenant == north


def test_another_tenant_than_was_previewed_is_previewed_first(client, otto, form):
    client.force_login(otto)
    seen = digest(client, form())
    page = text(client.post(NEW, form(tenant="storefront-south", seen=seen)))
    assert "What is asked for changed after it was previewed." in page
    assert not Request.objects.exists()


def test_one_form_sent_for_two_tenants_is_two_requests_and_twice_for_one_is_one(client, otto, form):
    client.force_login(otto)
    token = uuid.uuid4().hex
    for tenant in ("storefront-north", "storefront-south", "storefront-south"):
        send(client, form(tenant=tenant, token=token))
    assert sorted(Request.objects.values_list("tenant__name", flat=True)) == ["storefront-north", "storefront-south"]


def test_a_preview_tells_what_is_known_of_the_tenant(client, otto, form, north, south):
    client.force_login(otto)
    known.meet(north, "/products/1", [], now=timezone.now())
    known.meet(south, "/products/2", [], now=timezone.now())
    page = text(client.post(NEW, form("/products/*")))
    assert "/products/1" in page
    assert "/products/2" not in page
    assert KnownUrl.objects.count() == 2


def test_a_copy_is_of_the_same_tenant(client, otto, ask, south):
    client.force_login(otto)
    page = text(client.get(f"{NEW}?copy={ask(south, '/a').uuid}"))
    assert 'name="tenant" value="storefront-south"' in page


def test_thousands_of_tenants_leave_the_form_small(client, otto, storefront, django_assert_max_num_queries):
    client.force_login(otto)
    Tenant.objects.bulk_create(
        Tenant(distribution=storefront, aws_id=f"dt_{n}", name=f"site-{n:04}", domains=[f"{n}.example.test"])
        for n in range(3_000)
    )
    with django_assert_max_num_queries(12):
        page = client.get(f"{NEW}?distribution={storefront.pk}").content.decode()
    assert page.count('<option value="site-') == 500
    with django_assert_max_num_queries(15):
        page = text(client.get(f"/cache/distributions/{storefront.pk}/"))
    assert "3,000</span>" in page
    assert "The first 50 by name are shown" in page


def test_the_request_page_names_the_tenant_and_offers_no_flush_of_what_all_share(client, otto, ask, north):
    client.force_login(otto)
    page = text(client.get(f"/cache/invalidations/{ask(north, '/a').uuid}/"))
    assert 'Invalidation of <span class="mono">/a</span> on storefront-north of storefronts' in page
    assert "Stage caches behind it" not in page


def test_the_history_names_tenants_and_is_narrowed_to_one(client, vera, ask, north, south):
    client.force_login(vera)
    ask(north, "/only-north")
    ask(south, "/only-south")
    assert "storefronts</a><br>storefront-north" in text(client.get("/cache/"))
    page = text(client.get("/cache/?tenant=front-SOUTH"))
    assert "/only-south" in page
    assert "/only-north" not in page
    assert 'name="tenant" value="front-SOUTH"' in page


def test_without_tenants_the_history_has_no_such_field(client, vera, distribution):
    client.force_login(vera)
    assert 'name="tenant"' not in text(client.get("/cache/"))


def test_the_file_names_the_tenant(client, vera, ask, asked, north):
    client.force_login(vera)
    ask(north, "/a")
    asked("/b")
    answer = client.get("/cache/invalidations.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert {(row["distribution"], row["tenant"]) for row in rows} == {
        ("storefronts", "storefront-north"),
        ("products", ""),
    }


def test_the_page_of_a_distribution_lists_its_tenants(client, otto, vera, storefront, north, south, distribution):
    Tenant.objects.filter(pk=south.pk).update(is_enabled=False)
    client.force_login(otto)
    page = text(client.get(f"/cache/distributions/{storefront.pk}/"))
    assert "north.storefront.example.test" in page
    assert "disabled" in page
    assert f"{NEW}?distribution={storefront.pk}&amp;tenant=storefront-north" in page
    assert "tenants-title" not in text(client.get(f"/cache/distributions/{distribution.pk}/"))
    client.force_login(vera)
    page = text(client.get(f"/cache/distributions/{storefront.pk}/"))
    assert "storefront-north" in page
    assert NEW not in page


def test_a_listing_that_was_denied_is_told_on_the_page(client, vera, storefront):
    words = "Allow the IAM action cloudfront:ListDistributionTenants"
    DistributionConfig.objects.update(last_error=words, tenants_read_at=None)
    client.force_login(vera)
    page = text(client.get(f"/cache/distributions/{storefront.pk}/"))
    assert words in page
    assert "Not listed yet." in page


def test_a_second_person_reads_in_the_audit_log_which_tenant_it_is(client, ada, ask, north):
    ask(north, "/a", actor=Actor("user", "otto"))
    client.force_login(ada)
    assert "Invalidation of /a on storefront-north of storefronts" in text(client.get("/audit/"))


@pytest.fixture
def endpoint_form(storefront, north, south):
    return {
        "name": "catalogue", "distribution": storefront.pk, "tenant": "storefront-south",
        "event_type": "product.updated", "paths": "/products/{id}",
    }  # fmt: skip


def test_an_endpoint_is_made_for_one_tenant_and_names_it(client, ada, endpoint_form, south):
    client.force_login(ada)
    client.post("/cache/webhooks/new/?scheme=standard", endpoint_form)
    endpoint = Endpoint.objects.get()
    assert endpoint.tenant == south
    assert "<td>storefronts<br>storefront-south</td>" in text(client.get("/cache/webhooks/"))
    assert "<dt>Tenant</dt><dd>storefront-south" in text(client.get(f"/cache/webhooks/{endpoint.pk}/"))


@pytest.mark.parametrize(
    ("named", "words"), [("", "Say which of its tenants is meant."), ("west", "has no tenant that is called “west”.")]
)
def test_without_a_tenant_no_endpoint_is_made(client, ada, endpoint_form, named, words):
    client.force_login(ada)
    page = text(client.post("/cache/webhooks/new/?scheme=standard", endpoint_form | {"tenant": named}))
    assert words in page
    assert '<datalist id="tenants">' in page
    assert not Endpoint.objects.exists()


def test_an_endpoint_of_another_distribution_is_asked_for_no_tenant(client, ada, endpoint_form, distribution):
    client.force_login(ada)
    wish = endpoint_form | {"distribution": distribution.pk}
    client.post("/cache/webhooks/new/?scheme=standard", wish)
    assert Endpoint.objects.get().tenant is None


def test_the_endpoint_of_a_tenant_that_is_gone_says_what_that_means(client, ada, endpoint_form, south):
    client.force_login(ada)
    client.post("/cache/webhooks/new/?scheme=standard", endpoint_form)
    Tenant.objects.filter(pk=south.pk).update(gone_at=timezone.now())
    page = text(client.get(f"/cache/webhooks/{Endpoint.objects.get().pk}/"))
    assert "which CloudFront does not know any more" in page


def test_a_rule_is_tried_on_what_is_known_of_the_tenant(client, ada, endpoint_form, north, south):
    client.force_login(ada)
    client.post("/cache/webhooks/new/?scheme=standard", endpoint_form)
    known.meet(south, "/products/7", [], now=timezone.now())
    known.meet(north, "/products/7", [], now=timezone.now())
    known.meet(north, "/products/8", [], now=timezone.now())
    wish = {"try": "1", "select": "body.data", "items": "/products/{id}*", "ceiling": "/products/*"}
    address = f"/cache/webhooks/rules/{Endpoint.objects.get().rules.get().pk}/edit/"
    page = text(client.post(address, wish | {"body": '{"data": {"id": "7"}}'}))
    assert "<dt>Known URLs it matches</dt><dd>1</dd>" in page
