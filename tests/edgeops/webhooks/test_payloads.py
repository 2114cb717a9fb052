import time

import pytest

from edgeops.webhooks import payloads
from edgeops.webhooks.payloads import PayloadError


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'{"type": "a", "data": {"id": 7}}', {"type": "a", "data": {"id": 7}}), (b"[1, null]", [1, None]), (b"7", 7),
     (b'"text"', "text"), (b"null", None), (b"\xef\xbb\xbf{}", {})],
)  # fmt: skip
def test_any_json_can_be_read(body, value):
    assert payloads.read(body) == value


def test_a_lone_surrogate_is_read_as_it_is():
    """It cannot be encoded; whatever uses it has to refuse it."""
    assert payloads.read(rb'"\ud800"') == "\ud800"


def test_a_body_may_be_nested_as_deep_as_rules_can_follow():
    assert payloads.read(b"[" * 64 + b"]" * 64)
    with pytest.raises(PayloadError, match="more than 64 deep"):
        payloads.read(b"[" * 66 + b"]" * 66)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"payload=%7B%7D", "not JSON"),
        (b'{"type": "a", "type": "b"}', "'type' twice"),
        (b'{"type": "a", "data": {"id": 1, "id": 2}}', "'id' twice"),
        (b'{"type": "a", "data": {"id": NaN}}', "NaN is not"),
        (b'{"type": "a", "data": {"id": -Infinity}}', "-Infinity is not"),
        (b'{"type": "a", "data": {"id": ' + b"9" * 5_000 + b"}}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"type": "\xff"}', "not UTF-8"),
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_name(body, why):
    with pytest.raises(PayloadError, match=why):
        payloads.read(body)


def test_a_double_among_tens_of_thousands_of_names_does_not_hold_a_worker_up():
    names = [f'"k{number}":1' for number in range(60_000)]
    began = time.monotonic()
    with pytest.raises(PayloadError, match="'k59999' twice"):
        payloads.read(("{" + ",".join([*names, names[-1]]) + "}").encode())
    assert time.monotonic() - began < 5
