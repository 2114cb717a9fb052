"""Fixtures shared between rooms, and how several workers share the tests."""

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

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

STORAGE_FIXTURES = {"db", "transactional_db"}


def pytest_addoption(parser):
    parser.addoption("--only-storage", action="store_true", help="only tests of what is stored, whatever AWS answers")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if config.getoption("--only-storage"):
        items[:] = [item for item in items if stores_something(item)]
    # What runs the house as processes goes last: it waits more than it computes.
    items.sort(key=lambda item: room(item.nodeid) == "flows")
    for item in items:
        if commits(item):
            # What a migration leaves, the roles among it, is put back before each of them: all of them or none may ask.
            item.fixturenames.append("django_db_serialized_rollback")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)


class Scheduling(LoadScopeScheduling):
    """The next test to whoever is free. Those in the browser share one demo: one worker begins with all of them."""

    def _split_scope(self, nodeid):
        return "browser" if room(nodeid) == "browser" else nodeid


def room(nodeid):
    return nodeid.split("/")[1]


def commits(item):
    marker = item.get_closest_marker("django_db")
    return "transactional_db" in getattr(item, "fixturenames", ()) or bool(marker and marker.kwargs.get("transaction"))


def stores_something(item):
    """Whether it tests what is done with the database; what comes over the wire is stored as what a fake answers is."""
    if "over_the_wire" in item.path.stem:
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(STORAGE_FIXTURES & fixtures) or item.get_closest_marker("django_db") is not None
