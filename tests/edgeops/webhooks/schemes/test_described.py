import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks.schemes import described
from edgeops.webhooks.schemes.seam import (
    ConfigError,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    SignatureError,
    UnprovenError,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "a secret of the house, made by hand"
BODY = b'{"_id":"a1","_type":"post"}'
PATH = "/hooks/v1/key"

HOUSE = {
    "header": "X-House-Signature",
    "prefix": "v1=",
    "signed": "{id}.{timestamp}.{body}",
    "id_header": "X-House-Id",
    "timestamp_header": "X-House-Time",
}
SANITY = {
    "header": "sanity-webhook-signature",
    "encoding": "base64url",
    "signed": "{timestamp}.{body}",
    "signature_field": "v1",
    "timestamp_field": "t",
    "timestamp_unit": "ms",
    "id_header": "idempotency-key",
}
CONTENTFUL = {
    "header": "x-contentful-signature",
    "signed": "{method}\n{path}\n{headers}\n{body}",
    "timestamp_header": "x-contentful-timestamp",
    "timestamp_unit": "ms",
    "headers_header": "x-contentful-signed-headers",
}
STRAPI = {
    "header": "x-webhook-signature",
    "digest": "sha512",
    "encoding": "base64",
    "signed": "{timestamp}.{body}",
    "timestamp_header": "x-webhook-timestamp",
}
BODY_ONLY = {"header": "x-signature", "prefix": "sha256="}
EVERY = [HOUSE, SANITY, CONTENTFUL, STRAPI, BODY_ONLY]
NAMES = ["house", "sanity", "contentful", "strapi", "body only"]


def signed(config, *, body=BODY, secret=SECRET, at=NOW, message_id="id-1"):
    return described.sign(secret, described.check_config(config), Draft(message_id, at, body, PATH))


def verify(config, headers, *, body=BODY, secrets=(SECRET,), now=NOW, path=PATH, tolerance_seconds=300):
    live = [LiveSecret(f"secret-{n}", secret) for n, secret in enumerate(secrets, 1)]
    full = described.check_config(config)
    return described.verify(Post(headers, body, path), full, live, now=now, tolerance_seconds=tolerance_seconds)


def by_hand(text, digest="sha256"):
    return hmac.new(SECRET.encode(), text, getattr(hashlib, digest)).digest()


def test_a_house_made_sender_is_described_without_code():
    stamp = str(int(NOW.timestamp()))
    made = by_hand(f"id-1.{stamp}.".encode() + BODY).hex()
    headers = {"x-house-signature": f"v1={made}", "x-house-id": "id-1", "x-house-time": stamp}
    proof = verify(HOUSE, headers)
    assert (proof.message_id, proof.is_id_signed) == ("id-1", True)


def test_sanitys_header_is_read_as_its_toolkit_writes_it():
    stamp = str(int(NOW.timestamp() * 1000))
    made = base64.urlsafe_b64encode(by_hand(f"{stamp}.".encode() + BODY)).decode().rstrip("=")
    headers = {"sanity-webhook-signature": f"t={stamp},v1={made}", "idempotency-key": "doc-1"}
    proof = verify(SANITY, headers)
    assert (proof.message_id, proof.is_id_signed) == ("doc-1", False)


def test_contentfuls_canonical_request_is_built_from_the_headers_it_lists():
    stamp = str(int(NOW.timestamp() * 1000))
    listed = "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic"
    topic = "ContentManagement.Entry.publish"
    lines = f"x-contentful-signed-headers:{listed};x-contentful-timestamp:{stamp};x-contentful-topic:{topic}"
    made = by_hand(f"POST\n{PATH}\n{lines}\n".encode() + BODY).hex()
    headers = {
        "x-contentful-signature": made,
        "x-contentful-signed-headers": listed,
        "x-contentful-timestamp": stamp,
        "x-contentful-topic": topic,
    }
    assert verify(CONTENTFUL, headers)
    with pytest.raises(UnprovenError):
        verify(CONTENTFUL, headers | {"x-contentful-topic": "ContentManagement.Entry.delete"})
    with pytest.raises(UnprovenError):
        verify(CONTENTFUL, headers, path="/hooks/v1/another")


def test_a_list_of_headers_that_is_not_signed_itself_is_not_trusted():
    """A semicolon separates what is signed: `a:1;b:2` may be two headers or one, and the other could be anything."""
    stamp = str(int(NOW.timestamp() * 1000))
    made = by_hand(f"POST\n{PATH}\nx-contentful-timestamp:{stamp};x-crn:1;x-contentful-topic:publish\n".encode() + BODY)
    captured = {
        "x-contentful-signature": made.hex(),
        "x-contentful-signed-headers": "x-contentful-timestamp,x-crn,x-contentful-topic",
        "x-contentful-timestamp": stamp,
        "x-crn": "1",
        "x-contentful-topic": "publish",
    }
    moved = {
        "x-contentful-signed-headers": "x-contentful-timestamp,x-crn",
        "x-crn": "1;x-contentful-topic:publish",
        "x-contentful-topic": "delete",
    }
    for headers in (captured, captured | moved):
        with pytest.raises(UnprovenError, match="does not list itself"):
            verify(CONTENTFUL, headers)


def test_a_time_the_sender_leaves_out_of_the_listed_headers_is_not_trusted():
    headers = {
        "x-contentful-signature": "00",
        "x-contentful-signed-headers": "x-contentful-signed-headers",
        "x-contentful-timestamp": str(int(NOW.timestamp() * 1000)),
    }
    with pytest.raises(UnprovenError, match="does not list x-contentful-timestamp"):
        verify(CONTENTFUL, headers)


@pytest.mark.parametrize("config", EVERY, ids=NAMES)
def test_what_a_description_signs_it_verifies_and_nothing_else(config):
    headers = signed(config)
    assert verify(config, headers, secrets=("another secret of the house", SECRET)).label == "secret-2"
    with pytest.raises(UnprovenError):
        verify(config, headers, body=BODY + b" ")
    with pytest.raises(UnprovenError):
        verify(config, headers, secrets=("another secret of the house",))
    for name in headers:
        if name != "idempotency-key":
            with pytest.raises(UnprovenError):
                verify(config, headers | {name: ""})


@pytest.mark.parametrize("config", EVERY[:4], ids=NAMES[:4])
@pytest.mark.parametrize(("seconds", "is_taken"), [(-301, False), (-300, True), (299, True), (300, True), (301, False)])
def test_a_signed_time_is_held_to_the_window(config, seconds, is_taken):
    headers = signed(config, at=NOW + timedelta(seconds=seconds))
    if is_taken:
        assert verify(config, headers)
    else:
        with pytest.raises(UnprovenError, match="300 s"):
            verify(config, headers)


def test_a_scheme_that_signs_only_the_body_knows_no_time():
    assert verify(BODY_ONLY, signed(BODY_ONLY), now=NOW + timedelta(days=30))


def test_seconds_where_milliseconds_are_said_are_refused_and_the_other_way_round():
    with pytest.raises(SignatureError):
        verify(HOUSE, signed(HOUSE | {"timestamp_unit": "ms"}))
    with pytest.raises(UnprovenError):
        verify(HOUSE | {"timestamp_unit": "ms"}, signed(HOUSE))


@pytest.mark.parametrize("stamp", ["nan", "inf", "+1", " 1", "1.5", "1e9", "١٢٣", "-1", "01", "9" * 19])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_a_time_that_is_no_whole_number_is_malformed(stamp, unit):
    with pytest.raises(MalformedError):
        verify(HOUSE | {"timestamp_unit": unit}, signed(HOUSE) | {"x-house-time": stamp})


def test_a_captured_post_cannot_be_given_a_signed_id():
    with pytest.raises(UnprovenError):
        verify(HOUSE, signed(HOUSE) | {"x-house-id": "id-2"})


def test_an_id_that_moves_the_border_of_what_is_signed_is_malformed():
    """`id.timestamp.body`: an id holding a full stop could be cut in two ways."""
    with pytest.raises(MalformedError):
        verify(HOUSE, signed(HOUSE, message_id="id.1"))


def test_a_value_that_looks_like_a_placeholder_stays_what_it_is():
    headers = signed(HOUSE, message_id="{body}")
    assert verify(HOUSE, headers).message_id == "{body}"


@pytest.mark.parametrize("config", EVERY, ids=NAMES)
@given(sent=st.text(max_size=80))
def test_no_text_in_the_header_proves_anything(config, sent):
    headers = signed(config)
    with pytest.raises(SignatureError):
        verify(config, headers | {described.check_config(config)["header"]: sent})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digest": "sha1"}, "digest is one of"),
        ({"encoding": "rot13"}, "encoding is one of"),
        ({"timestamp_unit": "h"}, "timestamp_unit is one of"),
        ({"header": ""}, "header is a header's name"),
        ({"header": "a:b"}, "header is a header's name"),
        ({"prefix": "é"}, "prefix"),
        ({"signed": "{timestamp}"}, "{body} once"),
        ({"signed": "{body}{body}"}, "{body} once"),
        ({"signed": "{secret}{body}"}, "no other brace"),
        ({"signed": "{id}.{body}"}, "id_header"),
        ({"signed": "{timestamp}.{body}"}, "timestamp_header or timestamp_field"),
        ({"signed": "{headers}{body}"}, "need each other"),
        ({"headers_header": "x-list"}, "need each other"),
        ({"timestamp_header": "x-time"}, "proves nothing"),
        ({"timestamp_field": "t", "signed": "{timestamp}{body}"}, "signature_field"),
        ({"signature_field": "v 1"}, "short name"),
        ({"digest": 256}, "a text is expected"),
        ({"sniff": "yes"}, "Unknown: sniff"),
    ],
)
def test_a_description_that_cannot_work_is_refused_in_words(change, why):
    with pytest.raises(ConfigError, match=why):
        described.check_config(change)
