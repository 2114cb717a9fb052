"""Fixtures shared between rooms."""

pytest_plugins = [
    "tests.fixtures.people",
    "tests.fixtures.estate",
    "tests.fixtures.telemetry",
    "tests.fixtures.alarms",
    "tests.fixtures.invalidations",
    "tests.fixtures.localaws",
    "tests.fixtures.processes",
    "tests.fixtures.webhooks",
]

STORAGE_FIXTURES = {"db", "transactional_db"}


def pytest_addoption(parser):
    parser.addoption("--only-storage", action="store_true", help="only the tests that touch the database")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--only-storage"):
        items[:] = [item for item in items if stores_something(item)]


def stores_something(item):
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(STORAGE_FIXTURES & fixtures) or item.get_closest_marker("django_db") is not None
