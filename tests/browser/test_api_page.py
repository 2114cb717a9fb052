"""One API: its request path, its charts, its time range, and a trace of it."""

import re

from playwright.sync_api import expect

DRAWN = "[data-chart][data-drawn]"


def open_api(page, slug="catalog", query=""):
    page.goto(f"/apis/{slug}/{query}")
    page.locator("[data-chart]").first.scroll_into_view_if_needed()
    expect(page.locator(DRAWN).first).to_be_visible()


def test_an_api_is_opened_from_the_overview_and_shows_its_path_with_the_hop_in_trouble(viewer):
    viewer.goto("/")
    viewer.get_by_role("main").get_by_role("link", name="Catalog API").click()
    expect(viewer.get_by_role("heading", level=1, name="Catalog API")).to_be_visible()
    path = viewer.get_by_role("region", name="Request path")
    expect(path).to_contain_text("Viewers")
    hops = path.locator(".hop")
    names = ["CloudFront", "Application Load Balancer", "Target group", "Target group"]
    expect(path.locator(".hop:not(.beside) h3")).to_have_text(names)
    beside = ["AWS WAF web ACL", "Route 53 health check", "AWS WAF web ACL"]
    expect(path.locator(".hop.beside h3")).to_have_text(beside)
    browse = hops.filter(has_text="catalog-browse")
    expect(browse).to_contain_text("Trouble here", timeout=60_000)
    expect(browse).to_contain_text("0 of 3")


def test_each_chart_is_drawn_when_it_is_scrolled_to(viewer):
    open_api(viewer)
    charts = viewer.locator("[data-chart]")
    assert charts.count() >= 8
    charts.last.scroll_into_view_if_needed()
    expect(charts.last.locator(".scatterlayer path.js-line").first).to_be_attached()


def test_changing_the_range_changes_the_address_and_the_charts(viewer):
    open_api(viewer)
    viewer.get_by_role("navigation", name="Time range").get_by_role("link", name="1h", exact=True).click()
    expect(viewer).to_have_url(re.compile(r"range=1h"))
    expect(viewer.get_by_role("link", name="1h", exact=True)).to_have_attribute("aria-current", "true")
    expect(viewer.locator(DRAWN).first).to_be_visible()
    minutes = viewer.locator(DRAWN).first.evaluate(
        "chart => (new Date(chart.layout.xaxis.range[1]) - new Date(chart.layout.xaxis.range[0])) / 60000"
    )
    assert 59 <= minutes <= 61


def test_a_range_of_days_names_them_at_its_axis(viewer):
    open_api(viewer, query="?range=30d")
    ticks = viewer.locator(DRAWN).first.locator(".xtick text")
    expect(ticks.first).to_have_text(re.compile(r"[A-Z][a-z]{2} \d{1,2}"))


def test_a_range_typed_in_is_shown_as_typed(viewer):
    open_api(viewer)
    viewer.get_by_text("From … to …").click()
    start = viewer.get_by_label("From (UTC)").input_value()
    viewer.get_by_role("button", name="Show").click()
    expect(viewer).to_have_url(re.compile(r"from=.*to="))
    expect(viewer.locator("details.between summary")).to_contain_text(start[11:16])


def test_a_range_that_makes_no_sense_is_said_to_and_the_default_is_shown(viewer):
    for query, message in (
        ("?from=2020-01-01T10:00Z&to=2020-01-01T09:00Z", "The range ends before it starts"),
        ("?from=2999-01-01T00:00Z&to=2999-01-01T01:00Z", "The range lies in the future"),
        ("?from=yesterday", "The start of the range is not a time"),
        ("?range=5y", "There is no range called “5y”"),
    ):
        open_api(viewer, query=query)
        expect(viewer.get_by_text(message)).to_be_visible()
        expect(viewer.get_by_text("The last 3 hours are shown instead.")).to_be_visible()


def test_a_refresh_keeps_scroll_zoom_and_opened_tables(viewer):
    open_api(viewer)
    table = viewer.locator("figure.panel details").first
    table.locator("summary").click()
    expect(table.get_by_role("table")).to_be_visible()
    zoom(viewer.locator(DRAWN).first)
    expect(viewer.get_by_text(re.compile(r"Charts show .*\d\d:\d\d to .*\d\d:\d\d UTC"))).to_be_visible()
    viewer.evaluate("scrollTo(0, 500)")
    shown = shown_range(viewer)
    assert whole_refresh(viewer).status == 200
    expect(viewer.locator(".htmx-request")).to_have_count(0)
    expect(table.get_by_role("table")).to_be_visible()
    assert viewer.evaluate("scrollY") == 500
    assert shown_range(viewer) == shown
    expect(viewer.locator(f"{DRAWN} .scatterlayer path.js-line").first).to_be_attached()


COUNT_DRAWINGS = """() => {
  const react = Plotly.react;
  Plotly.react = (...all) => { window.drawings += 1; return react(...all); };
}"""
REFRESH = """() => new Promise((done) => {
  window.drawings = 0;
  document.addEventListener("htmx:finally:request",
    ({detail: {ctx}}) => done([ctx.response.status, window.drawings]), {once: true});
  document.body.dispatchEvent(new CustomEvent("refresh"));
})"""


def test_charts_are_drawn_anew_only_when_something_is_new(viewer):
    open_api(viewer)
    viewer.evaluate(COUNT_DRAWINGS)
    status, drawings = viewer.evaluate(REFRESH)
    assert status == 200
    assert drawings > 0
    for _ in range(8):
        status, drawings = viewer.evaluate(REFRESH)
        if status == 304:
            break
    assert (status, drawings) == (304, 0)


def test_one_zoom_moves_every_chart_and_escape_undoes_it(viewer):
    open_api(viewer)
    first, second = viewer.locator(DRAWN).nth(0), viewer.locator(DRAWN).nth(1)
    whole = shown_range(viewer)
    zoom(first)
    expect(viewer.get_by_role("button", name="Whole range")).to_be_visible()
    assert shown_range(viewer) != whole
    assert second.evaluate("chart => chart.layout.xaxis.range") == shown_range(viewer)
    viewer.keyboard.press("Escape")
    expect(viewer.get_by_role("button", name="Whole range")).to_have_count(0)
    assert shown_range(viewer) == whole


def test_every_value_a_chart_draws_is_in_a_table(viewer):
    open_api(viewer)
    viewer.locator("figure.panel summary").first.click()
    viewer.get_by_role("link", name="Every value of this range").first.click()
    expect(viewer.get_by_role("table")).to_be_visible()
    assert viewer.get_by_role("row").count() > 150


def test_a_trace_of_the_window_opens_as_a_waterfall_once_a_worker_has_fetched_it(viewer):
    viewer.goto("/apis/products/traces/")
    newest = viewer.locator("table.traces tbody a").first
    expect(newest).to_be_visible(timeout=70_000)
    newest.click()
    expect(viewer.get_by_role("heading", name="Where the time went")).to_be_visible(timeout=20_000)
    expect(viewer.locator("table.waterfall tbody tr").first).to_be_visible()


def zoom(chart):
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    mouse = chart.page.mouse
    mouse.move(box["x"] + box["width"] * 0.4, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    mouse.move(box["x"] + box["width"] * 0.8, y, steps=4)
    mouse.up()


def shown_range(page):
    return page.locator(DRAWN).first.evaluate("chart => chart.layout.xaxis.range")


def whole_refresh(page):
    """A refresh that is answered with a fragment, whatever the page has seen before."""

    def without_tag(route):
        kept = {name: value for name, value in route.request.headers.items() if name != "if-none-match"}
        route.continue_(headers=kept)

    page.route("**/apis/**", without_tag)
    with page.expect_response(lambda response: response.request.headers.get("hx-request") == "true") as answered:
        page.evaluate("document.body.dispatchEvent(new CustomEvent('refresh'))")
    answered.value.finished()
    page.wait_for_function("!document.querySelector('.htmx-swapping, .htmx-settling')")
    return answered.value
