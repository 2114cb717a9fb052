"""The main journeys without a mouse."""

import re

from playwright.sync_api import expect

OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(page, locator, *, most):
    """Press Tab until the element has the focus; every stop on the way shows that it has it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINE), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if locator.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{most} tabs do not reach {locator}")


def test_the_skip_link_is_the_first_stop_and_leads_past_the_rail(operator):
    operator.goto("/apis/products/")
    skip = operator.get_by_role("link", name="Skip to content")
    tab_to(operator, skip, most=1)
    expect(skip).to_be_in_viewport()
    operator.keyboard.press("Enter")
    tab_to(operator, operator.get_by_role("link", name="Invalidate"), most=3)


def test_an_invalidation_is_asked_for_by_keyboard_alone(operator):
    operator.goto("/cache/invalidations/new/?distribution=")
    skip = operator.get_by_role("link", name="Skip to content")
    tab_to(operator, skip, most=1)
    operator.keyboard.press("Enter")
    tab_to(operator, operator.get_by_label("Distribution"), most=3)
    operator.keyboard.type("catalog")
    tab_to(operator, operator.get_by_label("Paths"), most=1)
    operator.keyboard.type("/catalog/1")
    tab_to(operator, operator.get_by_label("Reason"), most=1)
    operator.keyboard.type("By keyboard")
    # Ticket, priority, and a time with a stop for each of its parts.
    tab_to(operator, operator.get_by_role("button", name="Preview"), most=10)
    operator.keyboard.press("Enter")
    send = operator.get_by_role("button", name="Invalidate", exact=True)
    expect(send).to_be_visible()
    tab_to(operator, send, most=1)  # the browser is at the answer
    operator.keyboard.press("Enter")
    expect(operator).to_have_url(re.compile(r"/cache/invalidations/[0-9a-f-]{36}/$"))


def test_the_alarm_form_and_the_list_can_be_walked(operator):
    operator.goto("/alarms/")
    tab_to(operator, operator.get_by_role("link", name="New alarm"), most=20)
    operator.keyboard.press("Enter")
    orders = operator.get_by_role("main").get_by_role("link", name="Orders API")
    expect(orders).to_be_visible()
    tab_to(operator, orders, most=20)
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("heading", name="New alarm on Orders API")).to_be_visible()
    tab_to(operator, operator.get_by_role("button", name="Create alarm"), most=40)
