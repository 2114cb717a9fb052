"""Entering another account by its role, and operating an API that EdgeOps has found behind a distribution."""

import re

import pytest
from playwright.sync_api import expect

ROLE = "arn:aws:iam::345678901234:role/"
EXTERNAL_ID = re.compile(r"edgeops-[0-9a-f]{32}")
SLOW = 60_000  # a worker asks AWS dozens of times, beside everything else the demo does


def add_account(page, name, role):
    page.goto("/settings/")
    page.get_by_role("link", name="Add an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("AWS account id").fill("345678901234")
    page.get_by_label("Home region").fill("eu-central-1")
    page.get_by_label("Role").fill(ROLE + role)
    page.get_by_role("button", name="Add account").click()
    expect(page.get_by_role("heading", level=1, name=f"Account {name}")).to_be_visible()
    return EXTERNAL_ID.search(page.get_by_role("region", name="Trust policy").inner_text())[0]


def trust(demo, role, external_id):
    """What the other account's admin does with the policy the page shows."""
    demo.control("trust", {"role_arn": ROLE + role, "external_id": external_id})


def test_another_account_lets_edgeops_in_by_the_external_id_its_page_shows(admin, demo):
    external_id = add_account(admin, "let-in", "edgeops-let-in")

    admin.get_by_role("button", name="Test access").click()
    denied = admin.get_by_role("region", name="Denied actions")
    expect(denied).to_contain_text("sts:AssumeRole", timeout=SLOW)
    expect(denied).to_contain_text("The account's role does not let EdgeOps in")

    trust(demo, "edgeops-let-in", external_id)
    admin.get_by_role("button", name="Test access").click()
    granted = admin.get_by_text(re.compile(r"Granted: \d+ actions"))
    expect(granted).to_be_visible(timeout=SLOW)
    granted.click()
    expect(admin.get_by_role("region", name="Granted actions")).to_contain_text("cloudwatch:GetMetricData")
    expect(denied).to_have_count(0)


def test_an_api_of_another_account_is_found_confirmed_and_read(admin, demo):
    trust(demo, "edgeops-reader", add_account(admin, "payments", "edgeops-reader"))
    admin.get_by_role("link", name="Add an API of it").click()
    admin.get_by_role("button", name="List its distributions").click()
    row = admin.get_by_role("row").filter(has_text="payments.example.test")
    expect(row).to_contain_text("team=payments", timeout=SLOW)
    admin.get_by_role("button", name="Look at the path of E7PAYMENTSDEMO").click()

    path = admin.get_by_role("region", name="Request path")
    expect(path).to_contain_text("payments-handler", timeout=SLOW)
    expect(path.locator("h3")).to_have_text(["CloudFront", "API Gateway (HTTP)", "Lambda"])
    admin.get_by_label("Name of Lambda payments-handler").fill("handler of payments")
    admin.get_by_label("Slug").fill("products")
    admin.get_by_role("button", name="Add this API").click()
    expect(admin.get_by_text("/apis/products/ is Products API already")).to_be_visible()
    expect(admin.get_by_label("Name of Lambda payments-handler")).to_have_value("handler of payments")
    admin.get_by_label("Slug").fill("payments")
    admin.get_by_role("button", name="Add this API").click()

    expect(admin).to_have_url(re.compile(r"/apis/payments/$"))
    expect(admin.get_by_text("its first values come within two minutes")).to_be_visible()
    hop = admin.locator(".hop").filter(has_text="handler of payments")
    expect(hop).to_contain_text(re.compile(r"In/min\s*\d"), timeout=120_000)


@pytest.fixture
def plain(browse):
    return browse("admin", java_script_enabled=False)


def follow(page, link_or_button):
    """Click, and wait for the page this leads to: without scripts nothing else changes what a page shows."""
    with page.expect_navigation():
        link_or_button.click()


def look_until(page, locator):
    """What a person without scripts does: follow the link that looks again."""
    for _ in range(120):
        if locator.count():
            return
        page.wait_for_timeout(500)
        follow(page, page.get_by_role("link", name="look now"))
    expect(locator).to_be_visible()


def test_without_scripts_an_api_is_added_with_a_hop_typed_in_by_hand(plain):
    plain.goto("/apis/new/in/demo/")
    follow(plain, plain.get_by_role("button", name="List again"))
    look = plain.get_by_role("button", name="Look at the path of E6SEARCHDEMO00")
    look_until(plain, look)
    follow(plain, look)
    look_until(plain, plain.get_by_role("heading", name="Hops"))

    plain.get_by_label("A hop is missing").select_option(label="Application Load Balancer")
    plain.get_by_role("button", name="Add it by hand").click()
    group = plain.get_by_role("group", name="Application Load Balancer, added by hand")
    group.get_by_label("Name").fill("search-alb")
    group.get_by_label("LoadBalancer").fill("search-alb")
    plain.get_by_label("Slug").press("Enter")
    expect(group).to_contain_text("Its metrics stand under LoadBalancer as app/")
    group.get_by_label("LoadBalancer").fill("app/search-alb/50dc6c495c0c9188")
    plain.get_by_role("button", name="Add this API").click()

    expect(plain.get_by_role("heading", level=1, name="Search API")).to_be_visible()
    expect(plain.locator(".hop").filter(has_text="search-alb")).to_be_visible()
