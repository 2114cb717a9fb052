"""Getting in, getting out, and what one role may not do."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import sign_in


def test_a_stranger_signs_in_and_lands_on_the_page_they_asked_for(browse):
    page = browse()
    page.goto("/alarms/")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    expect(page.get_by_text("The demo has three people")).to_be_visible()
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill("a password of the tests")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/alarms/$"))
    expect(page.get_by_text("operator (operator)")).to_be_visible()


def test_a_wrong_password_is_refused_without_saying_which_part_was_wrong(browse):
    page = browse()
    sign_in(page, "operator", "not the password")
    expect(page.get_by_text("The username and/or password you specified are not correct.")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("operator")


def test_signing_out_closes_the_pages_again(browse):
    page = browse()
    sign_in(page, "viewer")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_viewer_sees_pages_but_no_way_to_act(viewer):
    for path, action in (("/apis/products/", "Invalidate"), ("/alarms/", "New alarm"), ("/cache/", "New invalidation")):
        viewer.goto(path)
        expect(viewer.get_by_role("main")).to_be_visible()
        expect(viewer.get_by_role("link", name=action)).to_have_count(0)


def test_a_viewer_who_types_an_operators_address_is_told_which_role_it_needs(viewer, complaints):
    complaints.expect("status of 403")
    viewer.goto("/cache/invalidations/new/")
    expect(viewer.get_by_role("heading", name="You may not do this")).to_be_visible()
    expect(viewer.get_by_text("This needs the operator role.")).to_be_visible()
    expect(viewer.get_by_role("navigation", name="EdgeOps").get_by_role("link", name="Overview")).to_be_visible()


def test_an_operator_who_types_an_admins_address_is_told_which_role_it_needs(operator, complaints):
    complaints.expect("status of 403")
    operator.goto("/channels/new/")
    expect(operator.get_by_text("This needs the admin role.")).to_be_visible()


def test_a_chosen_theme_is_there_from_the_first_byte_of_the_next_page(viewer):
    viewer.goto("/")
    viewer.get_by_label("Theme").select_option("dark")
    light = viewer.evaluate("getComputedStyle(document.body).backgroundColor")
    with viewer.expect_response(lambda response: response.url.endswith("/alarms/")) as answered:
        viewer.get_by_role("link", name="Alarms").click()
    assert 'data-theme="dark"' in answered.value.text()
    expect(viewer.get_by_label("Theme")).to_have_value("dark")
    assert viewer.evaluate("getComputedStyle(document.body).backgroundColor") == light
