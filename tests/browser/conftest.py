"""One demo and one Chromium for all tests of this package; people who are signed in already."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests.fixtures import browser as browsers
from tests.fixtures.browser import PASSWORD, Complaints, Demo

DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
expect.set_options(timeout=20_000)


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with browsers.demo_running(tmp_path_factory.mktemp("demo")) as running:
        yield running


# Not of the session: playwright keeps an event loop in this thread, in which Django refuses to touch its database.
@pytest.fixture(scope="package")
def chromium(demo: Demo) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = browsers.launch(playwright)
        yield browser
        browser.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="package")
def session_of(chromium: Browser, demo: Demo) -> Callable[[str], StorageState]:
    """The cookies of a person, who signs in once for all tests."""

    @cache
    def signed_in(name: str) -> StorageState:
        with chromium.new_context(base_url=demo.url) as context:
            page = context.new_page()
            sign_in(page, name)
            expect(page.get_by_role("button", name="Sign out")).to_be_visible()
            return context.storage_state()

    return signed_in


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test for any console error, CSP violation or failed request it did not expect."""
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def browse(
    chromium: Browser, demo: Demo, session_of: Callable[[str], StorageState], complaints: Complaints
) -> Iterator[Callable[..., Page]]:
    """Open a watched tab as a person (nobody: None), 1366 × 768 and light unless told otherwise."""
    contexts: list[BrowserContext] = []

    def tab(name: str | None = None, **options: object) -> Page:
        held = session_of(name) if name else None
        choices = {"viewport": DESKTOP, "color_scheme": "light", "storage_state": held, **options}
        context = chromium.new_context(base_url=demo.url, **choices)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        return page

    yield tab
    for context in contexts:
        context.close()


@pytest.fixture
def viewer(browse: Callable[..., Page]) -> Page:
    return browse("viewer")


@pytest.fixture
def operator(browse: Callable[..., Page]) -> Page:
    return browse("operator")


@pytest.fixture
def admin(browse: Callable[..., Page]) -> Page:
    return browse("admin")
