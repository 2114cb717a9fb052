"""The field for a tenant comes with the distribution that is for tenants, and nothing typed is lost over it."""

import time

import pytest
from playwright.sync_api import expect

SLOW = 60_000  # a worker asks AWS dozens of times, beside everything else the demo does


@pytest.fixture(scope="module")
def storefront(chromium, demo, session_of):
    """The name of a distribution for tenants, operated once for all tests here; its tenants are listed."""
    with chromium.new_context(base_url=demo.url, storage_state=session_of("admin")) as context:
        page = context.new_page()
        page.goto("/apis/new/in/demo/")
        page.get_by_role("button", name="List again").click()
        page.get_by_role("button", name="Look at the path of E8STOREFRONTS0").click(timeout=SLOW)
        page.get_by_role("button", name="Add this API").click(timeout=SLOW)
        expect(page.get_by_role("heading", level=1, name="storefront")).to_be_visible()
    deadline = time.monotonic() + SLOW / 1_000
    while demo.value("SELECT count(*) FROM invalidations_tenant") < 2:
        assert time.monotonic() < deadline, "its tenants are not listed"
        time.sleep(0.2)
    return demo.value("SELECT name FROM estate_distribution WHERE aws_id = 'E8STOREFRONTS0'")


def choose(page, name):
    page.get_by_label("Distribution", exact=True).select_option(label=name)


def test_choosing_a_distribution_for_tenants_brings_the_field_and_keeps_what_is_typed(operator, storefront):
    operator.goto("/cache/invalidations/new/")
    typed = {
        "Paths": "/index.html\n/a b",
        "Reason": "Prices of the north",
        "Ticket": "SHOP-7",
        "Not before": "2030-01-02T03:04",
    }
    for label, value in typed.items():
        operator.get_by_label(label).fill(value)
    operator.get_by_label("Priority").select_option("bulk")
    tenant = operator.get_by_label("Tenant", exact=True)
    expect(tenant).to_have_count(0)

    operator.get_by_label("Distribution", exact=True).focus()
    choose(operator, storefront)
    expect(tenant).to_be_visible()
    expect(operator.locator("[aria-live=polite]").filter(has=tenant)).to_contain_text("name, id or a domain of one")
    expect(operator.get_by_label("Distribution", exact=True)).to_be_focused()
    for label, value in typed.items():
        expect(operator.get_by_label(label)).to_have_value(value)
    expect(operator.get_by_label("Priority")).to_have_value("bulk")
    assert operator.url.endswith("/cache/invalidations/new/")

    tenant.fill("storefront-north")
    choose(operator, "products")
    expect(tenant).to_have_count(0)
    choose(operator, storefront)
    tenant.fill("storefront-south")
    operator.get_by_role("button", name="Preview").click()
    expect(operator.get_by_text(f"2 items on storefront-south of {storefront}")).to_be_visible()


def test_a_tenant_that_was_refused_stays_as_typed_and_another_distribution_takes_it_away(operator, storefront):
    operator.goto("/cache/invalidations/new/")
    choose(operator, storefront)
    operator.get_by_label("Tenant", exact=True).fill("storefront-west")
    operator.get_by_label("Paths").fill("/index.html")
    operator.get_by_label("Reason").fill("West is new")
    operator.get_by_role("button", name="Preview").click()
    expect(operator.get_by_text("has no tenant that is called “storefront-west”")).to_be_visible()
    expect(operator.get_by_label("Tenant", exact=True)).to_have_value("storefront-west")
    choose(operator, "products")
    expect(operator.get_by_label("Tenant", exact=True)).to_have_count(0)
    operator.get_by_role("button", name="Preview").click()
    expect(operator.get_by_text("1 item on products")).to_be_visible()


def test_an_endpoint_asks_for_the_tenant_as_its_distribution_is_chosen(admin, storefront):
    admin.goto("/cache/webhooks/new/?recipe=data-updated")
    admin.get_by_label("Name").fill("Markets")
    choose(admin, storefront)
    tenant = admin.get_by_label("Tenant", exact=True)
    tenant.fill("storefront-north")
    expect(admin.get_by_label("Name")).to_have_value("Markets")
    choose(admin, "products")
    expect(tenant).to_have_count(0)
    choose(admin, storefront)
    tenant.fill("storefront-north")
    admin.get_by_role("button", name="Make the endpoint").click()
    admin.get_by_role("link", name="To the endpoint").click()
    expect(admin.get_by_role("definition").filter(has_text="storefront-north")).to_be_visible()
