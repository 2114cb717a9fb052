"""Amazon SNS: a JSON message signed with a certificate that AWS publishes for the topic's region.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

Everything the message names (certificate, address that confirms a subscription) is pinned to the topic's own region
before it is used: whoever can post could otherwise name a certificate of their own.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from edgeops.webhooks import certificates, payloads
from edgeops.webhooks.payloads import PayloadError
from edgeops.webhooks.schemes import seam
from edgeops.webhooks.schemes.seam import (
    JSON_TYPES,
    Config,
    ConfigError,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    Proof,
    SecretError,
    UnprovenError,
)

TITLE = "Amazon SNS"
# SNS tries again for up to an hour and signs the time of publication, once.
# https://docs.aws.amazon.com/sns/latest/dg/creating-delivery-policy.html
TOLERANCE_SECONDS: int | None = 3600
CONTENT_TYPES: Sequence[str] = ("text/plain", *JSON_TYPES)
HAS_SECRET = False

NOTIFICATION, SUBSCRIPTION, UNSUBSCRIPTION = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
# In the order in which they are signed; a Subject that is missing or null is left out.
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    UNSUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
RAW = "x-amz-sns-rawdelivery"
BEGINNING = 4_096  # SNS names the topic before the text of the message


def check_config(config: Config) -> dict[str, Any]:
    """`topic_arns`: the topics whose messages are taken; at least one."""
    seam.no_config(config, known=("topic_arns",))
    arns = config.get("topic_arns", [])
    if not isinstance(arns, list) or not arns or not all(isinstance(arn, str) and TOPIC.fullmatch(arn) for arn in arns):
        raise ConfigError("topic_arns lists at least one topic, as arn:aws:sns:eu-west-1:123456789012:changes.")
    return {"topic_arns": sorted(set(arns))}


def new_secret() -> str:
    """SNS signs with a certificate: there is no secret to hand out."""
    return ""


def check_secret(secret: str) -> str:
    """None can be entered."""
    raise SecretError("SNS signs with AWS's certificate; there is no secret to enter.")


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check topic, time, certificate address and signature, in this order: an unlisted topic fetches nothing."""
    if post.headers.get(RAW, "").lower() == "true":
        raise UnprovenError("Raw message delivery is on, and raw messages are not signed; turn it off in SNS.")
    _refuse_other_topics(post.body, config["topic_arns"])
    message = read(post.body)
    if message["TopicArn"] not in config["topic_arns"]:
        raise UnprovenError(f"The topic {message['TopicArn'][:200]!r} is not one this endpoint takes.")
    host = _host(message["TopicArn"])
    seam.refuse_stale(_time(message), "Timestamp", now=now, tolerance_seconds=tolerance_seconds)
    url = message["SigningCertURL"]
    if not re.fullmatch(rf"https://{re.escape(host)}/SimpleNotificationService-[0-9a-f]{{8,64}}\.pem", url):
        raise UnprovenError(f"SigningCertURL is not a certificate of https://{host}/.")
    if message["Type"] != NOTIFICATION:
        subscribe_url(message)
    _check_signature(message, url, now)
    label = url.rpartition("-")[2].removesuffix(".pem")
    return Proof(label, seam.message_id(message["MessageId"], "MessageId"), is_control=message["Type"] != NOTIFICATION)


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """Only AWS can."""
    raise SecretError("Only AWS can sign an SNS message; publish to the topic instead.")


def _refuse_other_topics(body: bytes, listed: Sequence[str]) -> None:
    """Before anything is read: that takes 150 ms for a megabyte of brackets, and anybody may send them."""
    if any(arn.encode() in body for arn in listed):
        return
    named = TOPIC.search(body[:BEGINNING].decode("latin-1"))
    if named is None:
        raise MalformedError("This is no SNS message of a topic that this endpoint takes.")
    raise UnprovenError(f"The topic {named[0]!r} is not one this endpoint takes.")


def read(body: bytes) -> dict[str, str]:
    """The message's fields, all of them texts; raises MalformedError."""
    try:
        found = payloads.read(body)
    except PayloadError as error:
        raise MalformedError(f"This is no SNS message. {error}") from error
    kind = found.get("Type") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(kind, str) or kind not in SIGNED:
        raise MalformedError("This is no SNS message: its Type is none that SNS sends.")
    needed = [name for name in SIGNED[kind] if name != "Subject"]
    names = [*needed, "Signature", "SignatureVersion", "SigningCertURL"]
    if missing := [name for name in names if not isinstance(found.get(name), str)]:
        raise MalformedError(f"This is no SNS message: {', '.join(missing)} is missing or no text.")
    if not isinstance(found.get("Subject"), str | None):
        raise MalformedError("This is no SNS message: its Subject is no text.")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def subscribe_url(message: Mapping[str, str]) -> str:
    """The address that confirms a subscription, when it is the one of the topic's region; raises UnprovenError."""
    host = _host(message["TopicArn"])
    try:
        parts = urlsplit(message["SubscribeURL"])
        asked = parse_qs(parts.query, strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise UnprovenError(f"SubscribeURL cannot be read: {error}.") from error
    expected = {"Action": ["ConfirmSubscription"], "TopicArn": [message["TopicArn"]], "Token": [message["Token"]]}
    is_pinned = (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", host, "/", "")
    if not is_pinned or {name: asked.get(name) for name in expected} != expected:
        raise UnprovenError(f"SubscribeURL does not confirm this topic at https://{host}/.")
    return message["SubscribeURL"]


def signed_text(message: Mapping[str, str]) -> bytes:
    """Each signed field as its name and its value, a line each."""
    lines = [f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]] if name in message]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _host(topic_arn: str) -> str:
    match = TOPIC.fullmatch(topic_arn)
    if match is None:
        raise UnprovenError("TopicArn is not the name of a topic.")
    partition, region = match.groups()
    return f"sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def _time(message: Mapping[str, str]) -> float:
    try:
        return datetime.strptime(message["Timestamp"], TIME).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise MalformedError("Timestamp is not written as SNS writes it.") from error


def _check_signature(message: Mapping[str, str], url: str, now: datetime) -> None:
    hashed = HASHES.get(message["SignatureVersion"])
    if hashed is None:
        raise UnprovenError(f"SignatureVersion {message['SignatureVersion'][:20]!r} is not known; SNS signs 1 and 2.")
    try:
        signature = base64.b64decode(message["Signature"].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedError("Signature is not base64.") from error
    try:
        certificates.public_key(url, now=now).verify(signature, signed_text(message), PKCS1v15(), hashed())
    except InvalidSignature as error:
        raise UnprovenError("The signature does not fit AWS's certificate.") from error
