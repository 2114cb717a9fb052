"""Fixtures shared between rooms."""

pytest_plugins = [
    "tests.fixtures.people",
    "tests.fixtures.estate",
    "tests.fixtures.telemetry",
    "tests.fixtures.alarms",
    "tests.fixtures.invalidations",
    "tests.fixtures.localaws",
    "tests.fixtures.webhooks",
]
