"""An alarm from its form to the message in the inbox."""

import re

from playwright.sync_api import expect


def choose_orders_errors(page, name):
    page.goto("/alarms/")
    page.get_by_role("link", name="New alarm").click()
    page.get_by_role("main").get_by_role("link", name="Orders API").click()
    page.get_by_label("Name").fill(name)
    metric = page.get_by_label("Metric")
    metric.select_option(metric.locator("optgroup[label*='orders-handler'] option", has_text="Error").inner_text())


def test_an_alarm_made_here_fires_under_the_scenario_and_tells_its_channels(operator):
    choose_orders_errors(operator, "Orders function fails")
    operator.get_by_label("Threshold").fill("5")
    operator.get_by_label("M: datapoints").fill("2")
    operator.get_by_label("N: datapoints").fill("3")
    for channel in ("On-call mail", "Chat webhook"):
        operator.get_by_label(channel).check()
    operator.get_by_role("button", name="Create alarm").click()
    expect(operator.get_by_role("heading", level=1, name="Orders function fails")).to_be_visible()
    # Judged at the next tick, over minutes that are settled already; the page refreshes itself.
    expect(operator.locator("#live .state.big")).to_have_text("ALARM", timeout=75_000)
    history = operator.get_by_role("region", name="History")
    expect(history).to_contain_text(re.compile(r"of 3 datapoints > 5"))
    expect(history.get_by_text("Delivered").or_(history.get_by_text("Accepted")).first).to_be_visible(timeout=20_000)
    operator.goto("/")
    expect(operator.locator("#standing-orders .state.big")).to_have_text("ALARM")
    expect(operator.locator("#standing-orders")).to_contain_text("Orders function fails")
    operator.goto("/demo/inbox/")
    received = operator.get_by_role("article").filter(has_text="Orders function fails")
    expect(received.filter(has_text="on-call@example.test").first).to_be_visible(timeout=20_000)
    expect(received.filter(has_text="Signature verified").first).to_be_visible(timeout=20_000)
    operator.goto("/audit/")
    expect(operator.get_by_role("row").filter(has_text="Orders function fails").first).to_contain_text("operator")


def test_an_alarm_that_makes_no_sense_is_refused_beside_its_fields_and_keeps_what_was_typed(operator, complaints):
    complaints.expect("status of 422")
    choose_orders_errors(operator, "Never to be")
    operator.get_by_label("Threshold").fill("NaN")
    operator.get_by_label("M: datapoints").fill("4")
    operator.get_by_label("N: datapoints").fill("3")
    operator.get_by_role("button", name="Create alarm").click()
    expect(operator.get_by_text("The threshold must be a number")).to_be_visible()
    expect(operator.get_by_label("Threshold")).to_have_value("NaN")
    operator.get_by_label("Threshold").fill("5")
    operator.get_by_role("button", name="Create alarm").click()
    expect(operator.locator(".errors").filter(has_text=re.compile("M|datapoints")).first).to_be_visible()
    expect(operator.get_by_label("Name")).to_have_value("Never to be")
    operator.goto("/alarms/")
    expect(operator.get_by_role("main")).not_to_contain_text("Never to be")


def test_the_demo_starts_with_one_alarm_that_fires_and_one_that_recovered(viewer):
    viewer.goto("/alarms/")
    rows = viewer.get_by_role("row")
    expect(rows.filter(has_text="Browse targets unhealthy")).to_contain_text("ALARM", timeout=60_000)
    viewer.get_by_role("link", name="Products function fails").click()
    changes = viewer.get_by_role("region", name="History").get_by_role("article")
    expect(changes.first).to_have_accessible_name("ALARM to OK")
    expect(changes.nth(1)).to_have_accessible_name("OK to ALARM")
