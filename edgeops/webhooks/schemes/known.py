"""The schemes an endpoint can have, by the word it is stored under."""

from edgeops.webhooks.schemes import described, github, shared_token, shopify, sns, standard, stripe
from edgeops.webhooks.schemes.seam import Scheme

SCHEMES: dict[str, Scheme] = {
    "standard": standard,
    "github": github,
    "stripe": stripe,
    "shopify": shopify,
    "sns": sns,
    "hmac": described,
    "token": shared_token,
}


def get(name: str) -> Scheme:
    """The scheme stored under a name; a KeyError is a row nobody can have written."""
    return SCHEMES[name]


def choices() -> list[tuple[str, str]]:
    """Name and title, for forms and admins."""
    return [(name, scheme.TITLE) for name, scheme in SCHEMES.items()]
