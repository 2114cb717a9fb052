"""GitHub, Stripe, Shopify and the token: senders whose secret is a text."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import (
    ConfigError,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    SecretError,
    SignatureError,
    UnprovenError,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET, OTHER = "It's a Secret to Everybody", "another secret of this sender"
BODY = b'{"id":"evt_1","type":"price.updated"}'
NAMES = ["github", "stripe", "shopify", "token"]


def signed(name, *, body=BODY, secret=SECRET, at=NOW, topic=""):
    scheme = known.get(name)
    return scheme.sign(secret, scheme.check_config({}), Draft("id-1", at, body, topic=topic))


def verify(name, headers, *, body=BODY, secrets=(SECRET,), now=NOW):
    scheme = known.get(name)
    live = [LiveSecret(f"secret-{n}", secret) for n, secret in enumerate(secrets, 1)]
    config, tolerance = scheme.check_config({}), scheme.TOLERANCE_SECONDS
    return scheme.verify(Post(headers, body), config, live, now=now, tolerance_seconds=tolerance)


def test_githubs_own_example_verifies():
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""
    headers = {
        "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-github-event": "push",
    }
    proof = verify("github", headers, body=b"Hello, World!")
    assert (proof.message_id, proof.is_id_signed) == ("72d3162e-cc78-11e3-81ab-4c9367dc0958", False)


@pytest.mark.parametrize("name", NAMES)
def test_every_live_secret_is_tried_and_the_one_that_fits_is_named(name):
    assert verify(name, signed(name, secret=OTHER), secrets=(SECRET, OTHER)).label == "secret-2"
    with pytest.raises(UnprovenError):
        verify(name, signed(name, secret=OTHER))


@pytest.mark.parametrize("name", ["github", "stripe", "shopify"])
def test_a_body_changed_on_the_way_is_unproven(name):
    with pytest.raises(UnprovenError):
        verify(name, signed(name), body=BODY + b"\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_post_without_headers_is_unproven(name):
    with pytest.raises(UnprovenError, match="Missing"):
        verify(name, {})
    for header in signed(name):
        with pytest.raises(SignatureError):
            verify(name, signed(name) | {header: ""})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "sent", ["é", "garbage", "sha256=" + "é" * 64, "sha256=00", "t=1,v1=é", "=", "v1,a,b", "☃", "\udce9"]
)
def test_whatever_stands_in_the_header_is_a_refusal(name, sent):
    header = next(iter(signed(name)))
    with pytest.raises(SignatureError):
        verify(name, signed(name) | {header: sent})


@pytest.mark.parametrize("name", NAMES)
@given(sent=st.text(max_size=80))
def test_no_text_in_a_header_proves_anything(name, sent):
    header = next(iter(signed(name)))
    with pytest.raises(SignatureError):
        verify(name, signed(name) | {header: sent})


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_secret_verifies_nothing(name):
    with pytest.raises(SignatureError):
        verify(name, signed(name, secret=""), secrets=("",))


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_that_is_too_short_or_not_plain_text_cannot_be_entered(name):
    scheme = known.get(name)
    for secret in ("", "short", "x" * 501, "e" * 16 + "é", "line\nbreak in the middle"):
        with pytest.raises(SecretError):
            scheme.check_secret(secret)
    assert scheme.check_secret(SECRET) == SECRET
    assert len(scheme.new_secret()) >= 43


@pytest.mark.parametrize("name", ["github", "stripe", "shopify"])
def test_a_setting_the_scheme_does_not_know_is_refused(name):
    with pytest.raises(ConfigError, match="sniff"):
        known.get(name).check_config({"sniff": True})


def test_the_sha1_header_of_github_alone_is_never_enough():
    headers = signed("github")
    del headers["x-hub-signature-256"]
    with pytest.raises(UnprovenError, match="SHA-1"):
        verify("github", headers | {"x-hub-signature": "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"})


def test_a_ping_of_github_is_about_the_connection():
    assert verify("github", signed("github", topic="ping")).is_control
    assert not verify("github", signed("github", topic="push")).is_control


@pytest.mark.parametrize("name", ["github", "shopify"])
def test_an_id_nobody_signs_is_said_to_be_so(name):
    """Topic and id of a captured post can be swapped; the body's digest and the pins are what is left."""
    headers = signed(name)
    swapped = {n: v if "signature" in n or "hmac" in n else "swapped" for n, v in headers.items()}
    proof = verify(name, swapped)
    assert (proof.message_id, proof.is_id_signed) == ("swapped", False)


def test_stripes_id_is_the_events_own():
    proof = verify("stripe", signed("stripe"))
    assert (proof.message_id, proof.is_id_signed) == ("evt_1", True)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"id":7}', b'{"id":"a b"}', b"\xff", b"[" * 100_000])
def test_a_proven_stripe_body_without_an_id_is_still_taken_and_told_apart_by_its_body(body):
    proof = verify("stripe", signed("stripe", body=body), body=body)
    assert (proof.message_id, proof.is_id_signed) == (None, False)


def test_one_good_stripe_signature_among_several_is_enough_and_v0_proves_nothing():
    header = signed("stripe")["stripe-signature"]
    time, good = header.split(",")
    assert verify("stripe", {"stripe-signature": f"{time},v1={'0' * 64},{good},v0=abc"})
    with pytest.raises(UnprovenError):
        verify("stripe", {"stripe-signature": header.replace("v1=", "v0=")})


@pytest.mark.parametrize(
    "header", ["t=1", "v1=00", "t=1,t=2,v1=" + "0" * 64, "t=1,v1=zz", "t=x,v1=" + "0" * 64, "t=1,v1"]
)
def test_a_malformed_stripe_header_is_refused(header):
    with pytest.raises(SignatureError):
        verify("stripe", {"stripe-signature": header})


@pytest.mark.parametrize(
    "stamp", ["nan", "inf", "+1", " 1", "1.5", "1e9", "١٢٣", "-1", "01", "1763812800000", str(2**63), "1_000", ""]
)
def test_a_stripe_time_that_is_not_whole_seconds_is_malformed(stamp):
    with pytest.raises(MalformedError):
        verify("stripe", {"stripe-signature": f"t={stamp},v1={'0' * 64}"})


@pytest.mark.parametrize(("seconds", "is_taken"), [(-301, False), (-300, True), (299, True), (300, True), (301, False)])
def test_stripes_time_is_held_to_five_minutes(seconds, is_taken):
    headers = signed("stripe", at=NOW + timedelta(seconds=seconds))
    if is_taken:
        assert verify("stripe", headers)
    else:
        with pytest.raises(UnprovenError, match="300 s"):
            verify("stripe", headers)


def test_shopifys_signature_is_base64():
    headers = signed("shopify")
    assert verify("shopify", headers).message_id == "id-1"
    as_hex = base64.b64decode(headers["x-shopify-hmac-sha256"]).hex()
    with pytest.raises(SignatureError):
        verify("shopify", headers | {"x-shopify-hmac-sha256": as_hex})


def test_a_token_may_stand_in_any_header_behind_a_prefix():
    scheme = known.get("token")
    config = scheme.check_config({"header": " Authorization ", "prefix": "Bearer ", "id_header": "X-Request-Id"})
    headers = scheme.sign(SECRET, config, Draft("id-7", NOW, BODY))
    assert headers == {"authorization": f"Bearer {SECRET}", "x-request-id": "id-7"}
    live = [LiveSecret("only", SECRET)]
    assert scheme.verify(Post(headers, BODY), config, live, now=NOW, tolerance_seconds=None).message_id == "id-7"
    with pytest.raises(UnprovenError):
        scheme.verify(Post({"authorization": SECRET}, BODY), config, live, now=NOW, tolerance_seconds=None)


@pytest.mark.parametrize(
    "config", [{"header": ""}, {"header": "a b"}, {"header": 7}, {"prefix": "é"}, {"id_header": ":"}]
)
def test_a_token_in_no_header_anybody_could_send_is_refused(config):
    with pytest.raises(ConfigError):
        known.get("token").check_config(config)
