import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks import expressions
from edgeops.webhooks.expressions import ExpressionError


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("body.", "breaks off at character 5"),
        ("body.type ==", "breaks off at character 12"),
        ("body type", "from character 6 on: …type"),
        ("body.type == 'a", "from character 14 on"),
        ("nothing(body)", "no function nothing (character 1)"),
        ("body.x || upper(body)", "no function upper (character 11)"),
        ("starts_with(body.ref)", "takes 2, not 1"),
        ("length(a, b)", "takes 1, not 2"),
        ("body == `loose`", "from character 9 on is no JSON"),
        ("merge()", "takes 1 or more, not 0"),
        ("(" * 500 + "a" + ")" * 500, "1,001 characters"),
        ("!" * 900 + "a", "too long to follow"),
        (" || ".join(["a"] * 190), "too long to follow"),
    ],
)
def test_an_expression_that_cannot_work_is_refused_where_it_fails(text, why):
    with pytest.raises(ExpressionError) as refused:
        expressions.check(text)
    assert why in str(refused.value) or "nested too deeply" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["body", " body.data ", "headers.\"x-github-event\" == 'push' && body.ref == 'refs/heads/main'",
     "body.commits[].[added, modified, removed][][] | [?starts_with(@, 'docs/')]", "max_by(body, &size)",
     "body[1:3:2]", "merge(a, b, c)", 'body."en-US"', "contains(['a', 'b'], body.type)"],
)  # fmt: skip
def test_an_expression_that_can_be_saved(text):
    assert expressions.check(text) == text.strip()


def test_the_specs_own_selection_finds_changed_files():
    commits = [
        {"added": ["docs/a.md"], "modified": ["src/x.py"], "removed": ["docs/b.md"]},
        {"added": [], "modified": []},
    ]
    found = expressions.search(
        "body.commits[].[added, modified, removed][][] | [?starts_with(@, 'docs/')]", {"body": {"commits": commits}}
    )
    assert found == ["docs/a.md", "docs/b.md"]


@pytest.mark.parametrize(
    "text",
    ["starts_with(body, 'a')", "sum(body)", "body | length(@)", "sort_by(list, &x)", "to_number(x).y.z | abs(@)"],
)
def test_a_wrong_kind_of_value_is_an_error_in_words(text):
    with pytest.raises(ExpressionError):
        expressions.search(text, {"body": None, "list": [{"x": 1}, {"x": "a"}]})


def test_an_expression_that_doubles_what_it_has_is_stopped():
    doubling = "[@, @]" + " | [@, @][]" * 30
    expressions.check(doubling)
    began = time.monotonic()
    with pytest.raises(ExpressionError, match="too large"):
        expressions.search(doubling, [1])
    assert time.monotonic() - began < 5


def test_an_expression_that_goes_through_a_large_event_too_often_is_stopped():
    many = {"body": [1] * 90_000}
    with pytest.raises(ExpressionError, match="steps"):
        expressions.search("[body[?@ == `1`], body[?@ == `1`], body[?@ == `1`]]", many)


DOUBLED = "[@, @]" + " | [@, @]" * 35


@pytest.mark.parametrize(
    "text",
    [
        f"{DOUBLED} | to_string(@)",
        f"({DOUBLED}) == ({DOUBLED})",
        f"({DOUBLED}) != ({DOUBLED})",
        f"contains([{DOUBLED}], {DOUBLED})",
    ],
)
def test_what_holds_itself_many_times_over_is_not_gone_through(text):
    """Each list is two long and holds the one before twice: a few lists in memory, 2^36 when written or compared."""
    expressions.check(text)
    began = time.monotonic()
    with pytest.raises(ExpressionError, match="steps"):
        expressions.search(text, [1])
    assert time.monotonic() - began < 5


def test_a_long_text_is_not_written_out_again_and_again():
    with pytest.raises(ExpressionError, match="steps"):
        expressions.search(f"[{', '.join(['@'] * 90)}] | to_string(@)", "x" * 900_000)


@pytest.mark.parametrize("text", ["join('', @)", "map(&reverse(@), @)", "[].[@ == @]", "[?contains(@, 'y')]"])
def test_a_long_text_in_many_places_is_not_gone_through_in_each(text):
    """A few kilobytes of list that hold the same text thousands of times; joined it would fill the memory."""
    text = f"[@, @] | {'[@, @][] | ' * 11}{text}"
    expressions.check(text)
    began = time.monotonic()
    with pytest.raises(ExpressionError, match="steps"):
        expressions.search(text, "x" * 50_000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "found"),
    [("a == b", True), ("a != b", False), ("contains([a], b)", True), ("contains('ab', 'b')", True),
     ("to_string(a)", '{"x":[1,2]}'), ("to_string('y')", "y"), ("[a][?x == `[1, 2]`] | [0].x[0]", 1)],
)  # fmt: skip
def test_what_holds_more_is_compared_and_written_as_ever(text, found):
    assert expressions.search(text, {"a": {"x": [1, 2]}, "b": {"x": [1, 2]}}) == found


@pytest.mark.parametrize("text", ["it's", "a`b", "a\\", "\\`", '"', "é\n", "' || `true`"])
def test_a_literal_is_the_text_whatever_it_holds(text):
    assert expressions.search(f"body == {expressions.literal(text)}", {"body": text}) is True
    assert expressions.search(f"body == {expressions.literal(text)}", {"body": "other"}) is False


@pytest.mark.parametrize(
    ("value", "is_true"),
    [(None, False), (False, False), ("", False), ([], False), ({}, False), (0, True), ("x", True), (True, True)],
)
def test_truth_is_jmespaths(value, is_true):
    assert expressions.is_true(value) is is_true


@given(st.text(alphabet="abc.[]{}()*?@&|!<>=' `\"0,:-", max_size=30))
def test_whatever_is_typed_is_saved_or_refused_in_words(text):
    """Anything but an ExpressionError would reach the person as an error of ours, or hold a delivery up."""
    with suppress(ExpressionError):
        expressions.search(expressions.check(text), {"a": [{"b": 1}], "b": "x", "c": None})
