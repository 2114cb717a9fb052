"""The first screen: is it broken, where, since when; and its refresh in place."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP


def test_the_overview_says_what_is_broken_and_since_when_without_a_scroll(viewer):
    viewer.goto("/")
    catalog = viewer.get_by_role("region", name="Catalog API")
    expect(catalog.locator(".state.big")).to_have_text("ALARM", timeout=60_000)
    expect(catalog).to_contain_text("Browse targets unhealthy on catalog-browse since")
    expect(catalog).to_contain_text(re.compile(r"Data until .*, settled until"))
    expect(catalog.locator("svg")).to_have_count(2)
    box = catalog.bounding_box()
    assert box["y"] + box["height"] < DESKTOP["height"]


def test_the_most_troubled_api_comes_first(viewer):
    viewer.goto("/")
    expect(viewer.get_by_role("region", name="Catalog API").locator(".state.big")).to_have_text("ALARM", timeout=60_000)
    states = viewer.locator("section.standing .state.big").all_inner_texts()
    assert states == sorted(states, key=["ALARM", "INSUFFICIENT_DATA", "OK"].index)
    assert len(states) >= 3  # other tests add APIs


def test_every_page_says_that_its_data_is_simulated(viewer):
    viewer.goto("/")
    expect(viewer.get_by_text("Simulated data: no AWS account is connected")).to_be_visible()


REFRESH = """() => new Promise((done) => {
  document.getElementById("live").append(Object.assign(document.createElement("i"), {id: "mark"}));
  document.addEventListener("htmx:finally:request",
    ({detail: {ctx}}) => done([ctx.response.status, document.getElementById("mark") !== null]), {once: true});
  document.body.dispatchEvent(new CustomEvent("refresh"));
})"""


@pytest.mark.parametrize("path", ["/", "/apis/products/", "/alarms/", "/apis/products/traces/"])
def test_a_refresh_with_nothing_new_is_an_empty_304_and_touches_nothing(path, viewer):
    viewer.goto(path)
    expect(viewer.locator("#live")).to_be_visible()
    # Each answer with whether a mark made just before it is still there.
    answers = [viewer.evaluate(REFRESH)]
    # Datapoints may come, or the minute may turn, between two refreshes; not between all of them.
    while answers[-1][0] != 304 and len(answers) < 8:
        answers.append(viewer.evaluate(REFRESH))
    assert answers == [[200, False]] * (len(answers) - 1) + [[304, True]]


def test_an_open_page_refreshes_by_itself(viewer):
    viewer.goto("/")
    with viewer.expect_response(lambda response: response.request.headers.get("hx-request") == "true", timeout=8_000):
        pass
