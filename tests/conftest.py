"""Fixtures shared between rooms, and how tests share two workers."""

import pytest
from hypothesis import settings

# How long one example takes says more of what else the machine does than of the code.
settings.register_profile("edgeops", deadline=None)
settings.load_profile("edgeops")

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

TOGETHER = {"browser", "flows"}
STORAGE_FIXTURES = {"db", "transactional_db"}


def pytest_addoption(parser):
    parser.addoption("--only-storage", action="store_true", help="only the tests that touch the database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if config.getoption("--only-storage"):
        items[:] = [item for item in items if stores_something(item)]
    # The tests that share running processes stay together on one worker each, after all others: they take longest.
    items.sort(key=lambda item: room(item) in TOGETHER)
    for item in items:
        if commits(item):
            # What a migration leaves, the roles among it, is put back before each of them: all of them or none may ask.
            item.fixturenames.append("django_db_serialized_rollback")
        if room(item) in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(room(item)))


def room(item):
    return item.path.relative_to(item.config.rootpath).parts[1]


def commits(item):
    marker = item.get_closest_marker("django_db")
    return "transactional_db" in getattr(item, "fixturenames", ()) or bool(marker and marker.kwargs.get("transaction"))


def stores_something(item):
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(STORAGE_FIXTURES & fixtures) or item.get_closest_marker("django_db") is not None
