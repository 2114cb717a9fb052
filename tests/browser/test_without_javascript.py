"""What works when no script runs: everything but the charts, whose values are in tables."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in


@pytest.fixture
def plain(browse):
    return browse("operator", java_script_enabled=False)


def test_one_can_sign_in(browse):
    page = browse(java_script_enabled=False)
    sign_in(page, "viewer")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_the_overview_shows_states_figures_and_sparklines(plain):
    plain.goto("/")
    for name in ("Catalog API", "Orders API", "Products API"):
        expect(plain.get_by_role("region", name=name)).to_be_visible()
    expect(plain.locator("section.standing svg").first).to_be_visible()


def test_the_values_of_the_charts_are_in_tables(plain):
    # Chromium does not show <noscript> under this switch, so its notice cannot be looked for.
    plain.goto("/apis/catalog/")
    plain.locator("figure.panel summary").first.click()
    expect(plain.locator("figure.panel").first.get_by_role("table")).to_be_visible()


def test_an_alarm_is_created(plain):
    plain.goto("/alarms/new/?api=products")
    plain.get_by_label("Name").fill("Made without scripts")
    plain.get_by_label("Metric").select_option(index=1)
    plain.get_by_label("Threshold").fill("1e9")
    plain.get_by_role("button", name="Create alarm").click()
    expect(plain.get_by_role("heading", level=1, name="Made without scripts")).to_be_visible()


def test_an_invalidation_is_checked_and_asked_for(plain):
    plain.goto("/cache/invalidations/new/")
    plain.get_by_label("Distribution").select_option(label="catalog")
    plain.get_by_label("Paths").fill("/catalog/7")
    plain.get_by_label("Reason").fill("Without scripts")
    plain.get_by_role("button", name="Preview").click()
    expect(plain.get_by_role("heading", name=re.compile("What CloudFront would be sent"))).to_be_visible()
    plain.get_by_role("button", name="Invalidate", exact=True).click()
    expect(plain).to_have_url(re.compile(r"/cache/invalidations/[0-9a-f-]{36}/$"))
    expect(plain.locator("ol.steps > li").first).to_contain_text("Without scripts")


def test_the_estate_is_exported_changed_and_imported(browse):
    page = browse("admin", java_script_enabled=False)
    page.goto("/settings/")
    page.get_by_role("link", name="Export or import as YAML").click()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Download edgeops-estate.yaml").click()
    exported = downloaded.value.path().read_text()
    assert "slug: orders" in exported
    changed = re.sub(r"(slug: orders\n(?:    .*\n)*?    description: ).*", r"\1Changed without scripts", exported)
    page.get_by_label("Or a file").set_input_files(
        {"name": "estate.yaml", "mimeType": "application/yaml", "buffer": changed.encode()}
    )
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("API Orders API"))).to_contain_text("Changed without scripts")
    page.get_by_role("button", name="Apply 1 change").click()
    expect(page.get_by_text("The estate was changed: 1 change")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Changed without scripts"))).to_be_visible()
