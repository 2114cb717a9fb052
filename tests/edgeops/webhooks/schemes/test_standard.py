import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from edgeops.webhooks.schemes import standard
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
SECRET = standard.new_secret()
OTHER = standard.new_secret()
BODY = b'{"type":"product.updated","data":{"id":1}}'


CONFIG = {"headers": "webhook"}


def signed(body=BODY, *, secret=SECRET, message_id="msg_1", at=NOW):
    return standard.sign(secret, CONFIG, Draft(message_id, at, body))


def verify(headers, *, body=BODY, secrets=(SECRET,), now=NOW, config=CONFIG, tolerance_seconds=300):
    live = [LiveSecret(f"secret-{n}", secret) for n, secret in enumerate(secrets, 1)]
    return standard.verify(Post(headers, body), config, live, now=now, tolerance_seconds=tolerance_seconds)


def test_the_reference_vector_of_the_standard_verifies():
    """From the specification's own libraries."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    proof = verify(
        headers,
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert (proof.message_id, proof.label) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "secret-1")


def test_we_sign_as_the_standards_own_package_does():
    theirs = Webhook(SECRET).sign("msg_1", NOW, BODY.decode())
    assert signed()["webhook-signature"] == theirs


@pytest.mark.parametrize(
    "rearranged",
    [
        lambda good: good,
        lambda good: f"v1,{base64.b64encode(b'x' * 32).decode()} v2,abc {good}",
        lambda good: f"v1a,{base64.b64encode(b'x').decode()} {good}",
    ],
)
def test_one_good_signature_among_several_is_enough(rearranged):
    headers = signed()
    assert verify(headers | {"webhook-signature": rearranged(headers["webhook-signature"])}).message_id == "msg_1"


def test_every_live_secret_is_tried_and_the_one_that_fits_is_named():
    assert verify(signed(secret=OTHER), secrets=(SECRET, OTHER)).label == "secret-2"


@pytest.mark.parametrize("unusable", ["", "whsec_", "whsec_%%%", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_cannot_sign_verifies_nothing(unusable):
    with pytest.raises(UnprovenError):
        verify(signed(), secrets=(unusable,))
    assert verify(signed(), secrets=(unusable, SECRET)).label == "secret-2"


def test_a_secret_without_padding_or_prefix_is_the_same_secret():
    bare = SECRET.removeprefix("whsec_").rstrip("=")
    assert verify(signed(), secrets=(bare,))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_empty_header_is_unproven(name):
    headers = signed()
    with pytest.raises(UnprovenError, match=f"Missing or empty: {name}"):
        verify(headers | {name: ""})
    del headers[name]
    with pytest.raises(UnprovenError, match=f"Missing or empty: {name}"):
        verify(headers)


@pytest.mark.parametrize(
    "signature",
    ["garbage", "v1", "v1,a,b", "v1,abc", "v1,ab=c", "v1,é", ",abcd", "v1,", "v1,AAAA  v1,AAAA", "v1,AAAA,v1,AAAA",
     " ".join(["v1,AAAA"] * 11)],
)  # fmt: skip
def test_a_malformed_signature_is_refused_and_never_an_error_of_another_kind(signature):
    with pytest.raises(SignatureError):
        verify(signed() | {"webhook-signature": signature})


@pytest.mark.parametrize("signature", ["v2,", "v2,AAAA", "v1,AAAA", "v1a,AAAA"])
def test_a_signature_of_another_kind_or_key_is_unproven(signature):
    with pytest.raises(UnprovenError):
        verify(signed() | {"webhook-signature": signature})


@pytest.mark.parametrize(
    "timestamp",
    ["nan", "inf", "+1", " 1", "1.5", "1e9", "١٢٣", "-1", "01", "1763812800000", str(2**63), "1\n", "0x10", "1_000"],
)
def test_a_time_that_is_not_whole_seconds_is_malformed(timestamp):
    with pytest.raises(MalformedError):
        verify(signed() | {"webhook-timestamp": timestamp})


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_time_within_five_minutes_is_taken(seconds):
    assert verify(signed(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_time_further_off_is_unproven(seconds):
    with pytest.raises(UnprovenError, match="more than 300 s"):
        verify(signed(at=NOW + timedelta(seconds=seconds)))


def test_a_captured_post_cannot_be_given_a_new_time_or_id():
    with pytest.raises(UnprovenError):
        verify(signed() | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)})
    with pytest.raises(UnprovenError):
        verify(signed() | {"webhook-id": "msg_2"})


@pytest.mark.parametrize("message_id", ["msg.1", "a b", "é", "x" * 201, "a\n"])
def test_an_id_that_could_be_read_in_two_ways_is_malformed(message_id):
    with pytest.raises(MalformedError):
        verify(signed() | {"webhook-id": message_id})


def test_a_body_a_proxy_has_written_anew_is_unproven():
    headers = signed(rb'{"a":"\u001b"}')
    assert verify(headers, body=rb'{"a":"\u001b"}')
    with pytest.raises(UnprovenError):
        verify(headers, body=rb'{"a":"\u001B"}')


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x1f\x8b\x08gzip", b"not json"])
def test_any_bytes_can_be_proven(body):
    assert verify(signed(body), body=body)


def test_the_secret_of_another_endpoint_is_unproven():
    with pytest.raises(UnprovenError):
        verify(signed(secret=OTHER))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=80), st.binary(max_size=40))
def test_whatever_a_stranger_sends_is_a_refusal(message_id, timestamp, signature, body):
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    with pytest.raises(SignatureError):
        verify(headers, body=body)


def test_a_window_an_endpoint_sets_is_kept():
    assert verify(signed(at=NOW - timedelta(seconds=900)), tolerance_seconds=900)
    with pytest.raises(UnprovenError, match="more than 900 s"):
        verify(signed(at=NOW - timedelta(seconds=901)), tolerance_seconds=900)


def test_a_header_sent_twice_proves_nothing():
    """As a server hands them on: joined with a comma."""
    headers = signed()
    for name in headers:
        with pytest.raises(SignatureError):
            verify(headers | {name: f"{headers[name]},{headers[name]}"})


def test_headers_of_svix_are_read_where_the_endpoint_says_so_and_only_there():
    svix = {"headers": "svix"}
    headers = standard.sign(SECRET, svix, Draft("msg_1", NOW, BODY))
    assert set(headers) == {"svix-id", "svix-timestamp", "svix-signature"}
    assert verify(headers, config=svix)
    with pytest.raises(UnprovenError, match="Missing"):
        verify(headers)
    with pytest.raises(ConfigError):
        standard.check_config({"headers": "sniffed"})


@pytest.fixture
def key_pair():
    private = Ed25519PrivateKey.generate()
    return private, "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()


def by_key(private, *, body=BODY):
    stamp = int(NOW.timestamp())
    made = base64.b64encode(private.sign(f"msg_1.{stamp}.".encode() + body)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(stamp), "webhook-signature": f"v1a,{made}"}


def test_an_ed25519_signature_is_proven_by_the_senders_public_key(key_pair):
    private, public = key_pair
    assert standard.check_secret(public) == public
    assert verify(by_key(private), secrets=(SECRET, public)).label == "secret-2"
    with pytest.raises(UnprovenError):
        verify(by_key(private), secrets=(public,), body=BODY + b" ")
    with pytest.raises(UnprovenError):
        verify(by_key(Ed25519PrivateKey.generate()), secrets=(public,))


def test_a_public_key_is_never_taken_for_a_shared_secret(key_pair):
    """Whoever knows the public key could otherwise sign a v1 with it."""
    _, public = key_pair
    as_shared = signed(secret="whsec_" + public.removeprefix("whpk_"))
    with pytest.raises(UnprovenError):
        verify(as_shared, secrets=(public,))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whpk_AAAA", "whpk_" + "A" * 88, "short"])
def test_a_secret_nobody_could_sign_with_cannot_be_entered(secret):
    with pytest.raises(SecretError):
        standard.check_secret(secret)
