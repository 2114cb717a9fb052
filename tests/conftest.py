"""Fixtures shared between rooms."""

pytest_plugins = [
    "tests.fixtures.people",
    "tests.fixtures.estate",
    "tests.fixtures.invalidations",
    "tests.fixtures.localaws",
]
