"""Invalidations from their two gates, the form and the webhook, to the proof at the edge."""

import json
import re
import subprocess
import urllib.request

from playwright.sync_api import expect

DETAIL = re.compile(r"/cache/invalidations/[0-9a-f-]{36}/$")


def fill_form(page, paths, reason, distribution="products"):
    page.goto("/cache/")
    page.get_by_role("link", name="New invalidation").click()
    page.get_by_label("Distribution", exact=True).select_option(label=distribution)
    page.get_by_label("Paths").fill(paths)
    page.get_by_label("Reason").fill(reason)


def invalidate(page):
    """Preview, then the button."""
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Invalidate", exact=True).click()


def seen_by_a_viewer(demo, path):
    """What the simulated CloudFront serves for a path of the Products API."""
    edge = f"http://127.0.0.1:{demo.ports['EDGEOPS_EDGE_PORT']}{path}"
    request = urllib.request.Request(edge, headers={"Host": "products.example.test"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["name"]


def run(command):
    """What a person does with a command they copied from a page."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def test_the_edge_is_asked_again_with_one_button_however_often_it_is_pressed(operator):
    fill_form(operator, "/products/4\n/products/5", "Is it fresh now")
    invalidate(operator)
    expect(operator.locator("#live .state.big")).to_have_text("Verified", timeout=60_000)
    operator.get_by_role("button", name="Probe again").dblclick()
    expect(operator.get_by_text(re.compile("The edge (is|was) asked again"))).to_be_visible()
    probes = operator.get_by_role("region", name="Probes")
    expect(operator.locator("#live .state.big")).to_have_text("Verified", timeout=30_000)
    # Others may have asked for more in the same batch: all of it is asked for again.
    expect(probes.get_by_role("rowheader")).to_have_text([re.compile("Round 2.*fresh"), re.compile("Round 1.*fresh")])


def test_an_invalidation_is_followed_until_it_is_verified_at_the_edge(operator):
    fill_form(operator, "/products/2\n/products/3", "Price of both was wrong")
    invalidate(operator)
    expect(operator).to_have_url(DETAIL)
    address = operator.url
    expect(operator.locator("#live .state.big")).to_have_text("Verified", timeout=60_000)
    chain = operator.locator("ol.steps > li")
    expect(chain.nth(0)).to_contain_text("Price of both was wrong")
    expect(chain.nth(1)).to_contain_text("Sent to CloudFront")
    expect(chain.nth(2)).to_contain_text("Completed, says CloudFront")
    expect(chain.nth(3)).to_contain_text("Verified at the edge")
    expect(operator.get_by_role("region", name="Probes").get_by_role("row")).to_have_count(3)
    operator.goto("/cache/")
    expect(operator.get_by_role("row").filter(has_text="Price of both was wrong")).to_contain_text("Verified")
    operator.goto("/audit/")
    asked = operator.get_by_role("row").filter(has_text="Price of both was wrong").first
    expect(asked).to_contain_text("operator")
    operator.goto("/apis/products/?range=15m")
    lane = operator.get_by_role("heading", name="Events").locator("xpath=..")
    expect(lane.get_by_role("listitem").filter(has_text=re.compile("nvalidat")).first).to_be_visible()
    assert DETAIL.search(address)


def test_a_signed_webhook_takes_the_same_road_and_renews_what_viewers_see(operator, demo):
    operator.goto("/demo/inbox/")
    change, post = (
        operator.get_by_label(f"Command that {does}").inner_text()
        for does in ("changes a product", "posts a signed webhook")
    )
    seen_by_a_viewer(demo, "/products/1")
    run(change)
    assert seen_by_a_viewer(demo, "/products/1") != "Renamed kettle"
    assert "202" in run(post).splitlines()[0]
    assert "200" in run(post).splitlines()[0]  # the same post again is known
    operator.goto("/cache/")
    message_id = re.search(r"webhook-id: (\w+)", post)[1]
    asked = operator.get_by_role("region", name="Invalidations").get_by_role("row").filter(has_text=message_id)
    expect(asked).to_have_count(1, timeout=45_000)
    asked.get_by_role("link").first.click()
    expect(operator.locator("#live .state.big")).to_have_text("Verified", timeout=60_000)
    expect(operator.locator("ol.steps > li").first).to_contain_text("Product data")
    assert seen_by_a_viewer(demo, "/products/1") == "Renamed kettle"
    operator.goto("/cache/webhooks/")
    arrived = operator.get_by_role("row").filter(has_text="product.updated").last
    expect(arrived).to_be_visible()


def test_a_refresh_of_the_history_leaves_alone_what_is_typed_to_narrow_it(viewer):
    viewer.goto("/cache/")
    viewer.get_by_text("Narrow the list").click()
    viewer.get_by_label("Who", exact=True).fill("ali")
    viewer.get_by_label("State", exact=True).select_option("verified")
    with viewer.expect_response(lambda response: response.request.headers.get("hx-request") == "true") as answered:
        viewer.evaluate("document.body.dispatchEvent(new CustomEvent('refresh'))")
    answered.value.finished()
    viewer.wait_for_function("!document.querySelector('.htmx-swapping, .htmx-settling')")
    expect(viewer.get_by_label("Who", exact=True)).to_have_value("ali")
    expect(viewer.get_by_label("State", exact=True)).to_have_value("verified")


def test_two_clicks_on_invalidate_are_one_request(operator, demo):
    fill_form(operator, "/products/4", "Clicked twice")
    operator.get_by_role("button", name="Preview").click()
    operator.get_by_role("button", name="Invalidate", exact=True).dblclick()
    expect(operator).to_have_url(DETAIL)
    assert demo.value("SELECT count(*) FROM invalidations_request WHERE reason = ?", "Clicked twice") == 1


def test_paths_that_cannot_be_sent_are_each_refused_with_what_would_work(operator, demo):
    fill_form(operator, "/good\na\n/a/*/b\n/100%\n/caf\u00e9#menu\n/~home", "Not like this")
    operator.get_by_role("button", name="Preview").click()
    refused = operator.get_by_role("region", name=re.compile("What to change")).first
    expect(refused).to_contain_text("/100%25")
    expect(refused).to_contain_text("/caf%C3%A9")
    expect(refused.locator("tbody tr")).to_have_count(5)
    expect(operator.get_by_label("Reason")).to_have_value("Not like this")
    assert demo.value("SELECT count(*) FROM invalidations_request WHERE reason = ?", "Not like this") == 0


def test_everything_is_invalidated_by_an_admin_alone_who_types_the_name(operator, admin, demo):
    fill_form(operator, "/*", "Everything", distribution="orders")
    operator.get_by_role("button", name="Preview").click()
    expect(operator.get_by_text("Only an admin may invalidate /*")).to_be_visible()
    fill_form(admin, "/*", "Everything", distribution="orders")
    invalidate(admin)
    expect(admin.get_by_text("To invalidate everything, type the distribution's name: orders")).to_be_visible()
    assert demo.value("SELECT count(*) FROM invalidations_request WHERE reason = ?", "Everything") == 0
    admin.get_by_label("Name of the distribution").fill("orders")
    admin.get_by_role("button", name="Invalidate", exact=True).click()
    expect(admin).to_have_url(DETAIL)
    # Traces may have taught by now what viewers ask for.
    expect(admin.get_by_text(re.compile("Unverifiable|known URLs under 1 wildcards"))).to_be_visible(timeout=60_000)


def test_what_the_policy_limits_is_previewed_approved_by_another_and_proven(operator, admin):
    admin.goto("/cache/")
    admin.get_by_role("link", name="New invalidation").click()
    distribution = admin.get_by_label("Distribution", exact=True).get_by_role("option", name="catalog")
    policy = f"/cache/distributions/{distribution.get_attribute('value')}/policy/"
    limit(admin, policy, items="1", approval=True)
    try:
        fill_form(operator, "/catalog/5\n/catalog/6", "Two at once", distribution="catalog")
        operator.get_by_role("button", name="Preview").click()
        expect(operator.get_by_text("A second person has to approve it.")).to_be_visible()
        operator.get_by_role("button", name="Ask for approval").click()
        expect(operator).to_have_url(DETAIL)
        expect(operator.get_by_text("You asked for it yourself")).to_be_visible()
        admin.goto(operator.url)
        admin.get_by_role("button", name="Approve").click()
        expect(admin.locator("ol.steps")).to_contain_text("Approved by admin")
        expect(operator.locator("#live .state.big")).to_have_text("Verified", timeout=90_000)
    finally:
        limit(admin, policy, items="", approval=False)


def limit(admin, policy, *, items, approval):
    admin.goto(policy)
    admin.get_by_label("Items in one request").fill(items)
    admin.get_by_label("A second person approves").set_checked(approval)
    admin.get_by_role("button", name="Save the policy").click()
    expect(admin.get_by_text("Saved.")).to_be_visible()


def test_an_endpoint_from_a_recipe_is_tried_posted_to_as_copied_and_proven(admin):
    admin.goto("/cache/webhooks/")
    admin.get_by_role("link", name="New endpoint").click()
    admin.get_by_role("link", name="Your own service, on every data update").click()
    admin.get_by_label("Name").fill("Shop data")
    admin.get_by_label("Distribution").select_option(label="products")
    admin.get_by_role("button", name="Make the endpoint").click()
    command = admin.get_by_label("Commands that post an event").inner_text()
    admin.get_by_role("link", name="To the endpoint").click()
    admin.get_by_role("link", name="product changed").click()
    admin.get_by_role("link", name="Edit and try").click()
    admin.get_by_role("button", name="Try it").click()
    expect(admin.get_by_role("region", name="What it would do with this event")).to_contain_text("/products/7")
    admin.get_by_role("link", name="Back to Shop data").click()
    assert "202" in run(command).splitlines()[0]
    admin.reload()
    follow_newest(admin, rule="product changed v1")


def follow_newest(page, *, rule):
    """From an endpoint's page over what arrived last to the proof at the edge."""
    page.get_by_role("region", name="What arrived").get_by_role("row").nth(1).get_by_role("link").first.click()
    expect(page.locator("#live .state.big")).to_have_text("Led to invalidations", timeout=30_000)
    page.get_by_role("link", name=rule).click()
    expect(page.locator("#live .state.big")).to_have_text("Verified", timeout=90_000)


def test_posts_of_other_senders_work_as_copied_from_the_inbox_and_are_proven(operator):
    for name, rule in (("Documents", "documents pushed v1"), ("Stored data", "object changed v1")):
        operator.goto("/demo/inbox/")
        sender = operator.get_by_role("group").filter(has_text=f"to the endpoint {name}")
        sender.locator("summary").click()
        assert "202" in run(sender.locator("pre").inner_text()).splitlines()[0]
        sender.get_by_role("link", name="its page").click()
        follow_newest(operator, rule=rule)
