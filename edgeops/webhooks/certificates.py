"""AWS's signing certificates for SNS: fetched once through the guarded way out, kept until they expire."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from edgeops import outbound
from edgeops.outbound import OutboundError
from edgeops.webhooks.models import SigningCertificate
from edgeops.webhooks.schemes.seam import CannotVerifyError, UnprovenError

# Addresses are pinned by the caller, but anybody can make up the last part of one: few are tried, and not again soon.
FETCHES_PER_MINUTE = 5
ASK_AGAIN_AFTER = timedelta(minutes=5)
KEEP_FAILED = timedelta(days=1)


def public_key(url: str, *, now: datetime) -> RSAPublicKey:
    """The key of a certificate that is valid now; raises UnprovenError, or CannotVerifyError when AWS is away."""
    row = SigningCertificate.objects.filter(url=url).first()
    if row is None or (not row.pem and row.checked_at <= now - ASK_AGAIN_AFTER):
        row = _fetch(url, now)
    if not row.pem:
        raise (UnprovenError if row.is_refused else CannotVerifyError)(f"No certificate from {url}: {row.problem}")
    certificate = x509.load_pem_x509_certificate(row.pem.encode())
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise UnprovenError(f"The certificate is valid until {certificate.not_valid_after_utc:%Y-%m-%d} only.")
    return _rsa(certificate)


def tidy(now: datetime) -> int:
    """Forget failed fetches; how many."""
    deleted, _ = SigningCertificate.objects.filter(pem="", checked_at__lt=now - KEEP_FAILED).delete()
    return deleted


def _fetch(url: str, now: datetime) -> SigningCertificate:
    recent = SigningCertificate.objects.filter(checked_at__gt=now - timedelta(minutes=1)).count()
    if recent >= FETCHES_PER_MINUTE:
        raise CannotVerifyError(f"{recent} certificates were fetched within a minute already.")
    pem, problem, is_refused = _ask(url)
    found, _ = SigningCertificate.objects.update_or_create(
        url=url, defaults={"pem": pem, "problem": problem[:300], "is_refused": is_refused, "checked_at": now}
    )
    return found


def _ask(url: str) -> tuple[str, str, bool]:
    """The certificate as text, or what is wrong and whether that is final."""
    try:
        answer = outbound.request("GET", url, headers={})
    except OutboundError as error:
        return "", str(error), False
    if answer.status != 200:
        return "", f"AWS answered {answer.status}.", answer.status < 500
    try:
        _rsa(x509.load_pem_x509_certificate(answer.body))
        return answer.body.decode("ascii"), "", False
    except (ValueError, UnprovenError) as error:
        return "", f"What came is no certificate that signs: {error}", True


def _rsa(certificate: x509.Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise UnprovenError("The certificate holds no RSA key.")
    return key
