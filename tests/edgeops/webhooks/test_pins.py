import time

import pytest

from edgeops.webhooks import pins
from edgeops.webhooks.trying import Document

PIN = {"at": "body.id", "one_of": ["7", "site"]}


@pytest.mark.parametrize("value", ["7", "site", 7])
def test_an_event_that_holds_what_is_pinned_meets_it(value):
    assert pins.mismatch([PIN], Document({}, {"id": value})) == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [("8", "'8'"), (8, "'8'"), (7.5, "'7.5'"), (True, "'True'"), (None, "'None'"), (["7"], "a list"),
     ({"7": 7}, "an object"), ("x" * 500, "'" + "x" * 100 + "'"), ("\0\ud800", r"'\x00\ud800'")],
)  # fmt: skip
def test_an_event_that_holds_anything_else_is_told_with_what_it_holds(value, told):
    assert pins.mismatch([PIN], Document({}, {"id": value})) == f"body.id is {told}; this endpoint takes 7, site."


def test_what_holds_itself_many_times_over_is_not_written_out():
    doubled = "[@, @]" + " | [@, @]" * 35
    began = time.monotonic()
    assert "is a list" in pins.mismatch([{"at": doubled, "one_of": ["x"]}], Document({}, [1]))
    assert time.monotonic() - began < 5
