import time

import pytest

from edgeops.webhooks import payloads
from edgeops.webhooks.payloads import PayloadError


def test_an_event_is_a_type_and_data():
    payload = payloads.event(b'{"type": "product.updated", "data": {"id": 7}, "timestamp": "2026-11-22T12:00:00Z"}')
    assert (payload.type, payload.data) == ("product.updated", {"id": 7})


def test_an_event_may_come_without_data_and_with_a_byte_order_mark():
    assert payloads.event(b'\xef\xbb\xbf{"type": "ping"}').data == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"payload=%7B%7D", "not JSON"),
        (b"1", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no `type`"),
        (b'{"type": 1}', "no `type`"),
        (b'{"type": ""}', "no `type`"),
        (rb'{"type": "\u0000"}', "no `type`"),
        (rb'{"type": "\ud800"}', "no `type`"),
        (b'{"type": "' + b"x" * 101 + b'"}', "no `type`"),
        (b'{"type": "a", "data": []}', "`data` is not"),
        (b'{"type": "a", "data": null}', "`data` is not"),
        (b'{"type": "a", "type": "b"}', "'type' twice"),
        (b'{"type": "a", "data": {"id": 1, "id": 2}}', "'id' twice"),
        (b'{"type": "a", "data": {"id": NaN}}', "NaN is not"),
        (b'{"type": "a", "data": {"id": -Infinity}}', "-Infinity is not"),
        (b'{"type": "a", "data": {"id": ' + b"9" * 5_000 + b"}}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"type": "\xff"}', "not UTF-8"),
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_name(body, why):
    with pytest.raises(PayloadError, match=why):
        payloads.event(body)


def test_a_double_among_tens_of_thousands_of_names_does_not_hold_a_worker_up():
    names = [f'"k{number}":1' for number in range(60_000)]
    began = time.monotonic()
    with pytest.raises(PayloadError, match="'k59999' twice"):
        payloads.event(("{" + ",".join([*names, names[-1]]) + "}").encode())
    assert time.monotonic() - began < 5
