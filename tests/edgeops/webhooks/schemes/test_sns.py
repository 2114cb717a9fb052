import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from edgeops import outbound
from edgeops.outbound import OutboundError, Response
from edgeops.webhooks import certificates
from edgeops.webhooks.models import SigningCertificate
from edgeops.webhooks.schemes import sns
from edgeops.webhooks.schemes.seam import (
    CannotVerifyError,
    ConfigError,
    MalformedError,
    Post,
    SecretError,
    SignatureError,
    UnprovenError,
)
from tests.fixtures.webhooks import sns_certificate

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ARN = "arn:aws:sns:eu-west-1:123456789012:changes"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERT = f"{HOST}/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem"
CONFIG = {"topic_arns": [ARN]}


class Aws:
    """The certificate's host: what it answers, and what it was asked."""

    def __init__(self, pem):
        self.asked = []
        self.answer = Response(200, {}, pem, "192.0.2.1")

    def __call__(self, method, url, *, headers, body=None, host=None):
        self.asked.append(url)
        if isinstance(self.answer, OutboundError):
            raise self.answer
        return self.answer


@pytest.fixture
def aws(db, sns_key, monkeypatch):
    aws = Aws(sns_certificate(sns_key))
    monkeypatch.setattr(outbound, "request", aws)
    return aws


def message(**changes):
    made = {
        "Type": "Notification",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "TopicArn": ARN,
        "Subject": "changed",
        "Message": '{"Records":[]}',
        "Timestamp": "2026-11-22T12:00:00.000Z",
        "SignatureVersion": "1",
        "SigningCertURL": CERT,
    } | changes
    return {name: value for name, value in made.items() if value is not ...}


def subscription(**changes):
    url = f"{HOST}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37"
    return message(Type="SubscriptionConfirmation", Token="2336412f37", SubscribeURL=url, Subject=..., **changes)


def signed(sns_key, made):
    texts = {name: value for name, value in made.items() if isinstance(value, str)}
    hashed = SHA256() if made.get("SignatureVersion") == "2" else SHA1()
    signature = sns_key.sign(sns.signed_text(texts), PKCS1v15(), hashed)
    return made | {"Signature": base64.b64encode(signature).decode()}


def verify(made, *, now=NOW, headers=None, config=CONFIG):
    body = json.dumps(made).encode()
    return sns.verify(Post(headers or {}, body), config, [], now=now, tolerance_seconds=sns.TOLERANCE_SECONDS)


def test_what_is_signed_is_each_field_as_a_name_and_a_value():
    """The order and the line breaks of AWS's documentation."""
    made = message(Subject=None)
    text = sns.signed_text({name: value for name, value in made.items() if value})
    expected = f"""Message\n{{"Records":[]}}\nMessageId\n{made["MessageId"]}\nTimestamp\n{made["Timestamp"]}\n"""
    assert text.decode() == expected + f"TopicArn\n{ARN}\nType\nNotification\n"


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["changed", "", None, ...])
def test_a_notification_is_proven_by_awss_sns_certificate(aws, sns_key, version, subject):
    proof = verify(signed(sns_key, message(SignatureVersion=version, Subject=subject)))
    assert proof.message_id == "165545c9-2a5c-472c-8df2-7ff2be2b3b1b"
    assert (proof.label, proof.is_id_signed, proof.is_control) == ("7ff5318490ec183fbaddaa2a969abfda", True, False)


def test_a_certificate_is_fetched_once(aws, sns_key):
    for _ in range(3):
        verify(signed(sns_key, message()))
    assert aws.asked == [CERT]


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp"])
def test_a_field_changed_on_the_way_is_unproven(aws, sns_key, field):
    with pytest.raises(UnprovenError, match="does not fit"):
        verify(signed(sns_key, message()) | {field: "2026-11-22T12:00:00.001Z"})


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7ff53184.pem",
        "https://sns.s3-ap-southeast-2.amazonaws.com/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.test/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.test/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com.cn/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-7ff53184.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-7ff53184.pem",
        "HTTPS://SNS.EU-WEST-1.AMAZONAWS.COM/SimpleNotificationService-7ff53184.pem",
        "https://me:x@sns.eu-west-1.amazonaws.com/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com./SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.test/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws。com/SimpleNotificationService-7ff53184.pem",
        "https://snsxeu-west-1.amazonaws.com/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com//SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com/x/SimpleNotificationService-7ff53184.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%37ff53184.pem",
        "file:///SimpleNotificationService-7ff53184.pem",
        f"{CERT}?x=1",
        f"{CERT}#x",
        f"{CERT}\n",
        f"{HOST}/SimpleNotificationService-7ff53184.pem/../evil.pem",
        f"{HOST}/SimpleNotificationService-evil.pem",
        f"{HOST}/other.pem",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_never_fetched(aws, sns_key, url):
    with pytest.raises(UnprovenError, match="SigningCertURL"):
        verify(signed(sns_key, message(SigningCertURL=url)))
    assert aws.asked == []


def test_a_certificate_named_in_lambdas_spelling_is_not_read(aws, sns_key):
    with pytest.raises(MalformedError, match="SigningCertURL is missing"):
        verify(signed(sns_key, message(SigningCertURL=..., SigningCertUrl=CERT)))


def test_chinas_topics_have_certificates_of_their_own_domain(aws, sns_key):
    arn = "arn:aws-cn:sns:cn-north-1:123456789012:changes"
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-7ff53184.pem"
    assert verify(signed(sns_key, message(TopicArn=arn, SigningCertURL=url)), config={"topic_arns": [arn]})
    assert aws.asked == [url]
    elsewhere = url.replace("amazonaws.com.cn", "amazonaws.com")
    with pytest.raises(UnprovenError, match="SigningCertURL"):
        verify(signed(sns_key, message(TopicArn=arn, SigningCertURL=elsewhere)), config={"topic_arns": [arn]})


@pytest.mark.parametrize("status", [301, 302, 403, 404])
def test_a_certificate_that_is_not_there_refuses_the_post(aws, sns_key, status):
    aws.answer = Response(status, {"Location": "https://evil.test/"}, b"", "192.0.2.1")
    for _ in range(2):
        with pytest.raises(UnprovenError, match=f"AWS answered {status}"):
            verify(signed(sns_key, message()))
    assert len(aws.asked) == 1, "what is not there is not asked for at once again"


def test_while_the_certificate_cannot_be_had_the_sender_is_asked_to_come_again(aws, sns_key):
    aws.answer = OutboundError("timeout", "sns.eu-west-1.amazonaws.com sent nothing for 10 s.")
    with pytest.raises(CannotVerifyError, match="sent nothing"):
        verify(signed(sns_key, message()))
    aws.answer = Response(200, {}, sns_certificate(sns_key), "192.0.2.1")
    assert verify(signed(sns_key, message()), now=NOW + timedelta(minutes=5))


def test_made_up_certificate_names_make_few_fetches(aws, sns_key):
    aws.answer = Response(404, {}, b"", "192.0.2.1")
    refusals = []
    for number in range(20):
        with pytest.raises((UnprovenError, CannotVerifyError)) as refused:
            verify(signed(sns_key, message(SigningCertURL=f"{HOST}/SimpleNotificationService-{number:032x}.pem")))
        refusals.append(refused.type)
    assert len(aws.asked) == certificates.FETCHES_PER_MINUTE
    assert refusals[-1] is CannotVerifyError


@pytest.mark.parametrize(
    "body", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_proves_nothing(aws, sns_key, body):
    aws.answer = Response(200, {}, body, "192.0.2.1")
    with pytest.raises(UnprovenError, match="no certificate"):
        verify(signed(sns_key, message()))


def test_a_certificate_with_another_kind_of_key_proves_nothing(aws, sns_key):
    elliptic = ec.generate_private_key(ec.SECP256R1())
    aws.answer = Response(200, {}, sns_certificate(elliptic), "192.0.2.1")
    with pytest.raises(UnprovenError, match="no RSA key"):
        verify(signed(sns_key, message()))


@pytest.mark.parametrize("times", [{"until": NOW - timedelta(days=1)}, {"since": NOW + timedelta(days=1)}])
def test_a_certificate_that_is_not_valid_now_proves_nothing(aws, sns_key, times):
    aws.answer = Response(200, {}, sns_certificate(sns_key, **times), "192.0.2.1")
    with pytest.raises(UnprovenError, match="valid until"):
        verify(signed(sns_key, message()))


@pytest.mark.parametrize("version", ["3", "0", "", "1 "])
def test_another_signature_version_is_unproven(aws, sns_key, version):
    with pytest.raises(UnprovenError, match="SignatureVersion"):
        verify(signed(sns_key, message(SignatureVersion=version)))


def test_a_topic_that_is_not_listed_makes_nothing_be_fetched(aws, sns_key):
    with pytest.raises(UnprovenError, match="not one this endpoint takes"):
        verify(signed(sns_key, message(TopicArn="arn:aws:sns:eu-west-1:123456789012:other")))
    assert aws.asked == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"[" + b"[]," * 300_000 + b"0]", MalformedError),
        (b'{"TopicArn":"arn:aws:sns:eu-west-1:123456789012:other","x":[' + b"[]," * 300_000 + b"0]}", UnprovenError),
    ],
)
def test_what_names_no_topic_of_the_endpoint_is_not_even_read(aws, monkeypatch, body, error):
    """Anybody may post it, and it takes a hundred times as long to read as to look through."""
    monkeypatch.setattr(sns.payloads, "read", lambda _: pytest.fail("was read"))
    with pytest.raises(error):
        sns.verify(Post({}, body), CONFIG, [], now=NOW, tolerance_seconds=3_600)


def test_a_raw_message_is_refused_with_the_reason(aws, sns_key):
    with pytest.raises(UnprovenError, match="Raw message delivery"):
        verify(signed(sns_key, message()), headers={"x-amz-sns-rawdelivery": "true"})


@pytest.mark.parametrize(
    "made",
    [[], 7, None, {}, {"Type": "Other"}, {"Type": []}, message(MessageId=7), message(Subject=[]), message(Message=...),
     message(Timestamp="yesterday"), message(Timestamp="2026-11-22")],
)  # fmt: skip
def test_what_is_no_sns_message_is_malformed(aws, made):
    with pytest.raises(MalformedError):
        verify(made | {"Signature": "AAAA"} if isinstance(made, dict) else made)


@pytest.mark.parametrize("signature", ["", "é", "%%%", "AAA"])
def test_a_signature_that_is_no_base64_is_a_refusal(aws, sns_key, signature):
    with pytest.raises(SignatureError):
        verify(message(Signature=signature))


def test_a_text_that_cannot_be_encoded_is_a_refusal(aws, sns_key):
    made = signed(sns_key, message()) | {"Message": "\ud800"}
    with pytest.raises(UnprovenError):
        verify(made)


def test_a_message_is_taken_for_as_long_as_sns_tries_again(aws, sns_key):
    made = signed(sns_key, message())
    assert verify(made, now=NOW + timedelta(hours=1))
    with pytest.raises(UnprovenError, match="3600 s"):
        verify(made, now=NOW + timedelta(hours=1, seconds=1))


def test_a_subscription_to_confirm_is_about_the_connection(aws, sns_key):
    assert verify(signed(sns_key, subscription())).is_control
    ended = subscription() | {"Type": "UnsubscribeConfirmation"}
    assert verify(signed(sns_key, ended)).is_control


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.test/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37",
        f"http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37",
        f"{HOST}:444/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37",
        f"{HOST}/x?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37",
        f"{HOST}/?Action=Unsubscribe&TopicArn={ARN}&Token=2336412f37",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={ARN}other&Token=2336412f37",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=another",
        f"{HOST}/?Action=ConfirmSubscription&Action=x&TopicArn={ARN}&Token=2336412f37",
        "https://[evil/",
        "",
    ],
)
def test_a_subscription_is_never_confirmed_anywhere_else(aws, sns_key, url):
    with pytest.raises(UnprovenError, match="SubscribeURL"):
        verify(signed(sns_key, subscription() | {"SubscribeURL": url}))


def test_failed_fetches_are_forgotten_and_certificates_are_kept(aws, sns_key):
    verify(signed(sns_key, message()))
    SigningCertificate.objects.create(url=f"{HOST}/x", problem="AWS answered 404.", checked_at=NOW)
    assert certificates.tidy(NOW + timedelta(days=2)) == 1
    assert SigningCertificate.objects.get().url == CERT


@pytest.mark.parametrize("config", [{}, {"topic_arns": []}, {"topic_arns": ARN}, {"topic_arns": ["arn:aws:sqs:x"]}])
def test_an_endpoint_names_its_topics(config):
    with pytest.raises(ConfigError, match="topic_arns"):
        sns.check_config(config)
    assert sns.check_config({"topic_arns": [ARN, ARN]}) == CONFIG


def test_sns_has_no_secret_to_enter_or_sign_with():
    assert sns.new_secret() == ""
    with pytest.raises(SecretError):
        sns.check_secret("x" * 40)
