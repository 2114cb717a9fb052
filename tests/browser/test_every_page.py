"""Every address of the product, opened by an admin: light and wide, then dark and as narrow as a phone.

Console errors, CSP violations and lost requests fail each visit; so does a new route that is not visited.
"""

import re
import time
import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE

PAGES = {
    "overview": "/",
    "add_api": "/apis/new/",
    "add_api_terraform": "/apis/new/terraform/",
    "add_api_listing": "/apis/new/in/demo/",
    "add_api_path": "/apis/new/path/{path}/",
    "api": "/apis/catalog/",
    "api_edit": "/apis/catalog/edit/",
    "api_remove": "/apis/catalog/remove/",
    "path_change": "/apis/catalog/changes/{look}/",
    "api_values": "/apis/catalog/hops/{hop}/requests/",
    "api_path_values": "/apis/catalog/path/ledger/",
    "hop_metrics": "/apis/catalog/hops/{hop}/metrics/",
    "traces": "/apis/products/traces/",
    "trace": "/traces/{trace}/",
    "alarms": "/alarms/",
    "alarm": "/alarms/{alarm}/",
    "alarm_new": "/alarms/new/?api=products",
    "alarm_edit": "/alarms/{alarm}/edit/",
    "channels": "/channels/",
    "channel_new": "/channels/new/",
    "channel_edit": "/channels/{channel}/edit/",
    "cache": "/cache/",
    "invalidation": "/cache/invalidations/{invalidation}/",
    "invalidation_new": "/cache/invalidations/new/",
    "distribution": "/cache/distributions/{distribution}/",
    "distribution_policy": "/cache/distributions/{distribution}/policy/",
    "stage_flush": "/cache/distributions/{distribution}/stages/{cached_hop}/flush/",
    "quota": "/cache/quotas/demo/",
    "webhooks": "/cache/webhooks/",
    "webhook_new": "/cache/webhooks/new/",
    "webhook": "/cache/webhooks/{endpoint}/",
    "webhook_rule_new": "/cache/webhooks/{endpoint}/rules/new/",
    "webhook_rule": "/cache/webhooks/rules/{rule}/",
    "webhook_rule_edit": "/cache/webhooks/rules/{rule}/edit/",
    "deliveries": "/cache/webhooks/deliveries/",
    "delivery": "/cache/webhooks/deliveries/{delivery}/",
    "webhook_edit": "/cache/webhooks/{endpoint}/edit/",
    "webhook_delete": "/cache/webhooks/{endpoint}/delete/",
    "audit": "/audit/",
    "settings": "/settings/",
    "estate": "/settings/estate/",
    "aws_account": "/settings/accounts/demo/",
    "aws_account_new": "/settings/accounts/new/",
    "aws_account_edit": "/settings/accounts/demo/edit/",
    "aws_account_remove": "/settings/accounts/demo/remove/",
    "spending": "/settings/spending/",
    "demo_inbox": "/demo/inbox/",
    "account_change_password": "/accounts/password/change/",
    "account_logout": "/accounts/logout/",
    "account_reauthenticate": "/accounts/reauthenticate/",
}
STRANGERS_PAGES = {
    "account_login": "/accounts/login/",
    "account_inactive": "/accounts/inactive/",
    "account_signup": "/accounts/signup/",
    "account_reset_password": "/accounts/password/reset/",
}
DATA = {
    "health_live": "/healthz/live",
    "health_ready": "/healthz/ready",
    "trace_document": "/traces/{trace}/document.json",
}
DOWNLOADS = {
    "cache_export": "/cache/invalidations.csv",
    "estate_export": "/settings/estate/export.yaml",
    "api_chart": "/apis/catalog/hops/{hop}/requests/chart.html",
    "spending_calls": "/settings/spending/calls.csv",
    "spending_apis": "/settings/spending/apis.csv",
}
POSTS = {
    "add_api_list": "/apis/new/in/demo/list/",
    "add_api_pick": "/apis/new/in/demo/pick/",
    "add_api_adopt": "/apis/new/path/{path}/adopt/",
    "add_api_look_again": "/apis/new/path/{path}/again/",
    "estate_import": "/settings/estate/import/",
    "estate_apply": "/settings/estate/apply/",
    "path_change_apply": "/apis/catalog/changes/{look}/apply/",
    "path_change_dismiss": "/apis/catalog/changes/{look}/dismiss/",
    "path_look_again": "/apis/catalog/look-again/",
    "aws_account_test": "/settings/accounts/demo/access/",
    "alarm_switch": "/alarms/{alarm}/switch/",
    "alarm_delete": "/alarms/{alarm}/delete/",
    "channel_secret": "/channels/{channel}/secret/",
    "trace_fetch": "/traces/{trace}/fetch/",
    "invalidation_cancel": "/cache/invalidations/{invalidation}/cancel/",
    "invalidation_approve": "/cache/invalidations/{invalidation}/approve/",
    "invalidation_reject": "/cache/invalidations/{invalidation}/reject/",
    "invalidation_probe": "/cache/invalidations/{invalidation}/batches/{invalidation}/probe/",
    "distribution_suspend": "/cache/distributions/{distribution}/suspend/",
    "suspension_lift": "/cache/suspensions/1/lift/",
    "suspension_replace": "/cache/suspensions/1/replace/",
    "hop_metric_read": "/apis/catalog/hops/{hop}/metrics/read/",
    "hop_metric_stop": "/apis/catalog/hops/{hop}/metrics/stop/",
    "webhook_rotate": "/cache/webhooks/{endpoint}/secret/",
    "webhook_switch": "/cache/webhooks/{endpoint}/switch/",
    "webhook_rule_switch": "/cache/webhooks/rules/{rule}/switch/",
    "webhook_rule_delete": "/cache/webhooks/rules/{rule}/delete/",
    "deliveries_rehearse": "/cache/webhooks/deliveries/rehearse/",
    "deliveries_redeliver": "/cache/webhooks/deliveries/redeliver/",
    "webhook_pause": "/cache/webhooks/{endpoint}/pause/",
    "hook": "/hooks/v1/{endpoint_key}",
}
ROWS = {
    "hop": "SELECT min(id) FROM estate_hop WHERE kind = 'cloudfront' AND api_id ="
    " (SELECT id FROM estate_edgeapi WHERE slug = 'catalog')",
    "distribution": "SELECT id FROM estate_distribution WHERE name = 'products'",
    "cached_hop": "SELECT min(id) FROM estate_hop WHERE kind = 'rest_api' AND api_id ="
    " (SELECT id FROM estate_edgeapi WHERE slug = 'products')",
    "trace": "SELECT trace_id FROM traces_tracesummary LIMIT 1",
    "alarm": "SELECT min(id) FROM alarms_alarmrule",
    "channel": "SELECT min(id) FROM notifications_channel",
    "rule": "SELECT min(id) FROM webhooks_rule",
    "delivery": "SELECT min(id) FROM webhooks_webhookdelivery",
    "endpoint": "SELECT min(id) FROM webhooks_endpoint",
    "endpoint_key": "SELECT key FROM webhooks_endpoint LIMIT 1",
    "invalidation": "SELECT uuid FROM invalidations_request LIMIT 1",
    "path": "SELECT uuid FROM discovery_discovery WHERE kind = 'path' AND api_id IS NULL LIMIT 1",
    "look": "SELECT uuid FROM discovery_discovery WHERE state = 'done' AND api_id ="
    " (SELECT id FROM estate_edgeapi WHERE slug = 'catalog')",
}
# The live part as its refresh brings it, under the same policy as the page.
REFRESH = """() => new Promise((done) => {
  if (!document.querySelector("#live[hx-get]")) return done(null);
  document.addEventListener("htmx:finally:request", ({detail: {ctx}}) => done(ctx.response.status), {once: true});
  document.body.dispatchEvent(new CustomEvent("refresh"));
})"""


def names(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def test_every_route_is_visited_here():
    assert {*PAGES, *STRANGERS_PAGES, *DATA, *DOWNLOADS, *POSTS} == set(names(get_resolver().url_patterns))


@pytest.fixture(scope="package")
def rows(demo, chromium, session_of):
    """An id of each kind; a first invalidation and looks at paths are asked for."""
    with chromium.new_context(base_url=demo.url, storage_state=session_of("operator")) as context:
        key = demo.value(ROWS["endpoint_key"])
        assert context.request.post(f"/hooks/v1/{key}", data={"type": "unsigned"}).status == 401  # kept in the log
        page = context.new_page()
        page.goto("/cache/invalidations/new/")
        page.get_by_label("Distribution").select_option(label="orders")
        page.get_by_label("Paths").fill("/orders/1")
        page.get_by_label("Reason").fill("A first one to look at")
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("button", name="Invalidate", exact=True).click()
        expect(page).to_have_url(re.compile(r"/cache/invalidations/[0-9a-f-]{36}/"))
        page.goto("/apis/new/in/demo/")
        page.get_by_role("button", name="List again").click()
        page.get_by_role("button", name="Look at the path of E4PARTNERSDEMO").click()
        expect(page).to_have_url(re.compile(r"/apis/new/path/[0-9a-f-]{36}/"))
        page.goto("/apis/catalog/")
        page.get_by_role("button", name="Compare now").click()
        expect(page.get_by_text("A worker compares the path with AWS")).to_be_visible()
    deadline = time.monotonic() + 90  # the first traces come with the first minute
    while None in {demo.value(ROWS[kind]) for kind in ("trace", "look")} and time.monotonic() < deadline:
        time.sleep(0.5)
    found = {kind: demo.value(query) for kind, query in ROWS.items()}
    return {**found, **{kind: uuid.UUID(found[kind]) for kind in ("invalidation", "path", "look")}}


def look(page, address):
    answer = page.goto(address)
    assert answer.status == 200
    assert page.evaluate(REFRESH) in {None, 200, 304}
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert sizes[0] <= sizes[1], f"{address} scrolls sideways: {sizes[0]} px in {sizes[1]}"
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def look_twice(page, address):
    light = look(page, address)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    dark = look(page, address)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    assert light != dark


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_clean_in_light_and_dark_on_desk_and_phone(name, admin, rows):
    look_twice(admin, PAGES[name].format(**rows))


@pytest.mark.parametrize("name", STRANGERS_PAGES)
def test_a_page_before_the_door_opens_clean_too(name, browse):
    look_twice(browse(), STRANGERS_PAGES[name])


@pytest.mark.parametrize("path", ["/nothing/here/", "/apis/unknown/", "/alarms/999999/"])
def test_what_is_not_there_is_said_in_the_frame(path, viewer, complaints):
    complaints.expect("status of 404")
    viewer.goto(path)
    expect(viewer.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(viewer.get_by_role("navigation", name="EdgeOps")).to_be_visible()


@pytest.mark.parametrize("name", DATA)
def test_data_for_machines_is_json(name, admin, rows, demo):
    address = DATA[name].format(**rows)
    if name == "trace_document":
        admin.goto(f"/traces/{rows['trace']}/")
        expect(admin.get_by_role("heading", name="Where the time went")).to_be_visible(timeout=20_000)
    answer = admin.request.get(address)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_file_is_handed_over_and_not_shown(name, admin, rows):
    answer = admin.request.get(DOWNLOADS[name].format(**rows))
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", POSTS)
def test_what_changes_something_cannot_be_opened_by_a_link(name, admin, rows):
    assert admin.request.get(POSTS[name].format(**rows)).status == 405
