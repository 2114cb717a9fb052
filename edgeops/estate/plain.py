"""Documents as plain values that JSON and YAML can hold, and back: strict, and without loss.

What stands at its default is left out. What is not known is an error that names its place, never dropped.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any, cast

from edgeops.estate.checking import DISTRIBUTION_ID, ROLE_ARN, DocumentError, Fields, Value
from edgeops.estate.document import AccountDoc, ApiDoc, DistributionDoc, EstateDoc, HopDoc
from edgeops.estate.models import HopKind

__all__ = [
    "DocumentError",
    "account_from_plain",
    "account_to_plain",
    "api_from_plain",
    "api_to_plain",
    "check",
    "check_api",
    "estate_from_plain",
    "estate_to_plain",
    "fingerprint",
]

MAX_ACCOUNTS, MAX_APIS, MAX_HOPS = 200, 2000, 100
MAX_REGIONS, MAX_ALIASES, MAX_DIMENSIONS = 50, 200, 30
MAX_POSITION = 100
DIMENSIONS = {
    HopKind.CLOUDFRONT: {"DistributionId", "Region"},
    HopKind.REST_API: {"ApiName"},
    HopKind.HTTP_API: {"ApiId"},
    HopKind.ALB: {"LoadBalancer"},
    HopKind.TARGET_GROUP: {"LoadBalancer", "TargetGroup"},
    HopKind.LAMBDA: {"FunctionName"},
    HopKind.WAF: {"WebACL", "Rule"},
    HopKind.HEALTH_CHECK: {"HealthCheckId"},
    HopKind.EDGE_FUNCTION: {"FunctionName", "Region"},
}
"""Without these CloudWatch answers with empty series, never with an error; a hop without any has no metrics."""

type Doc = AccountDoc | ApiDoc | DistributionDoc | HopDoc


def estate_to_plain(doc: EstateDoc) -> dict[str, Any]:
    """The whole estate; `estate_from_plain` gives the same document back."""
    return {
        "accounts": [account_to_plain(one) for one in doc.accounts],
        "apis": [api_to_plain(one) for one in doc.apis],
    }


def account_to_plain(doc: AccountDoc) -> dict[str, Any]:
    """One account."""
    return _to_plain(doc)


def api_to_plain(doc: ApiDoc) -> dict[str, Any]:
    """One API with its distribution and its request path."""
    return _to_plain(doc)


def estate_from_plain(raw: Any, *, known_accounts: Collection[str] = ()) -> EstateDoc:
    """The estate that plain values describe; raises DocumentError.

    An API may name an account of the document or one of `known_accounts`, which EdgeOps has already.
    """
    taken = Fields(Value(raw, ""), _names(EstateDoc))
    accounts = taken.get("accounts", ()).items(_account, most=MAX_ACCOUNTS)
    apis = taken.get("apis", ()).items(_api, most=MAX_APIS)
    _refuse_twice(((f"accounts[{index}].name", one.name) for index, one in enumerate(accounts)), "account")
    _refuse_twice(((f"accounts[{index}].role_arn", one.role_arn) for index, one in enumerate(accounts)), "role")
    _refuse_twice(((f"apis[{index}].slug", one.slug) for index, one in enumerate(apis)), "slug")
    _refuse_twice(((f"apis[{index}].name", one.name) for index, one in enumerate(apis)), "name")
    _refuse_unknown_accounts(apis, {*known_accounts, *(one.name for one in accounts)})
    _refuse_two_distributions(apis)
    return EstateDoc(accounts=accounts, apis=apis)


def account_from_plain(raw: Any, where: str = "account") -> AccountDoc:
    """The account that plain values describe; raises DocumentError."""
    return _account(Value(raw, where))


def api_from_plain(raw: Any, where: str = "api") -> ApiDoc:
    """The API that plain values describe; raises DocumentError."""
    return _api(Value(raw, where))


def check(doc: EstateDoc, *, known_accounts: Collection[str] = ()) -> EstateDoc:
    """The document as it would come out of its plain values; raises DocumentError when it would not."""
    return estate_from_plain(estate_to_plain(doc), known_accounts=known_accounts)


def check_api(doc: ApiDoc) -> ApiDoc:
    """The same for one API."""
    return api_from_plain(api_to_plain(doc))


def fingerprint(doc: EstateDoc | ApiDoc | None) -> str:
    """What tells this document from any other, and from none: the same text for the same document."""
    match doc:
        case EstateDoc():
            plain = estate_to_plain(doc)
        case ApiDoc():
            plain = api_to_plain(doc)
        case None:
            plain = {}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _account(value: Value) -> AccountDoc:
    taken = Fields(value, _names(AccountDoc))
    account_id = taken["aws_account_id"].account_id()
    return AccountDoc(
        name=taken["name"].slug(),
        aws_account_id=account_id,
        region=taken["region"].region(),
        other_regions=taken.get("other_regions", ()).items(Value.region, most=MAX_REGIONS),
        role_arn=_role(taken.get("role_arn", ""), account_id),
        monthly_budget=taken.get("monthly_budget", None).dollars(),
    )


def _role(value: Value, account_id: str) -> str:
    if value.raw == "":
        return ""
    arn = value.matching(ROLE_ARN, most=200, allowed="a role is named arn:aws:iam::<account id>:role/<name>")
    if f"::{account_id}:" not in arn:
        raise value.error(f"is a role of another AWS account than {account_id}. Correct the role or the account id.")
    return arn


def _api(value: Value) -> ApiDoc:
    taken = Fields(value, _names(ApiDoc))
    hops = taken["hops"].items(_hop, most=MAX_HOPS)
    _refuse_twice(((f"{taken.place('hops')}[{index}]", _hop_name(one)) for index, one in enumerate(hops)), "hop")
    return ApiDoc(
        slug=taken["slug"].slug(),
        name=taken["name"].text(least=1, most=100),
        account=taken["account"].slug(),
        region=taken["region"].region(),
        distribution=_distribution(taken["distribution"]),
        hops=hops,
        description=taken.get("description", "").text(most=300),
    )


def _distribution(value: Value) -> DistributionDoc:
    taken = Fields(value, _names(DistributionDoc))
    host = taken.get("viewer_host", "")
    return DistributionDoc(
        aws_id=taken["aws_id"].matching(DISTRIBUTION_ID, most=40, allowed="a distribution's id is like E1ABCDEFGHIJ23"),
        name=taken["name"].text(least=1, most=100),
        domain=taken["domain"].host(),
        aliases=taken.get("aliases", ()).items(Value.host, most=MAX_ALIASES),
        has_additional_metrics=taken.get("has_additional_metrics", False).flag(),
        viewer_base_url=taken.get("viewer_base_url", "").address(),
        viewer_host=host.host() if host.raw else host.text(most=255),
        origin_probe_url=taken.get("origin_probe_url", "").address(),
    )


def _hop(value: Value) -> HopDoc:
    taken = Fields(value, _names(HopDoc))
    kind = taken["kind"].choice(HopKind.values)
    return HopDoc(
        kind=kind,
        name=taken["name"].text(least=1, most=200),
        region=taken["region"].region(),
        position=taken["position"].number(most=MAX_POSITION),
        dimensions=_dimensions(taken.get("dimensions", {}), kind),
        aws_id=taken.get("aws_id", "").text(most=300),
        details=taken.get("details", {}).json(),
    )


def _dimensions(value: Value, kind: str) -> dict[str, str]:
    """CloudWatch's own bounds on names and values: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html."""
    found = value.texts(keys=255, values=1024)
    if len(found) > MAX_DIMENSIONS:
        raise value.error(f"has {len(found)} dimensions; CloudWatch knows {MAX_DIMENSIONS} at most.")
    if len(",".join(f"{name}={text}" for name, text in found.items())) > 400:
        raise value.error("is too long; 400 characters are allowed in all.")
    missing = sorted(DIMENSIONS.get(HopKind(kind), set()) - set(found)) if found else []
    if missing:
        raise value.error(f"{missing[0]} is missing: CloudWatch has no metrics of this kind without it.")
    return found


def _hop_name(hop: HopDoc) -> str:
    """What no two hops of a path share."""
    identity = f" ({hop.aws_id})" if hop.aws_id else ""
    return f"{HopKind(hop.kind).label} {hop.name}{identity} in {hop.region}"


def _refuse_twice(named: Iterable[tuple[str, str]], what: str) -> None:
    first: dict[str, str] = {}
    for place, name in named:
        if name and name in first:
            raise DocumentError(place, f"the {what} {name} stands here for the second time; first in {first[name]}.")
        first[name] = place


def _refuse_unknown_accounts(apis: Iterable[ApiDoc], known: Collection[str]) -> None:
    for index, api in enumerate(apis):
        if api.account not in known:
            names = ", ".join(sorted(known)) or "none"
            problem = f"no account is called {api.account}; known are: {names}. Add it under accounts."
            raise DocumentError(f"apis[{index}].account", problem)


def _refuse_two_distributions(apis: Iterable[ApiDoc]) -> None:
    """Two APIs may share a distribution, if both say the same of it."""
    first: dict[tuple[str, str], tuple[int, DistributionDoc]] = {}
    for index, api in enumerate(apis):
        before, said = first.setdefault((api.account, api.distribution.aws_id), (index, api.distribution))
        if said != api.distribution:
            problem = f"says something else of {said.aws_id} than apis[{before}].distribution; write the same in both."
            raise DocumentError(f"apis[{index}].distribution", problem)


def _names(shape: type[Any]) -> list[str]:
    return [field.name for field in fields(shape)]


def _to_plain(doc: Doc) -> dict[str, Any]:
    return {name: _value(value) for name, value, default in _values(doc) if value != default}


def _values(doc: Doc) -> Iterator[tuple[str, Any, Any]]:
    for field in fields(doc):
        made = cast("Callable[[], Any] | Any", field.default_factory)
        yield field.name, getattr(doc, field.name), field.default if made is MISSING else made()


def _value(value: Any) -> Any:
    match value:
        case DistributionDoc() | HopDoc():
            return _to_plain(value)
        case tuple():
            return [_value(one) for one in value]
        case Decimal() | str():  # a HopKind is a str, and no YAML
            return str(value)
        case dict():
            return {name: _value(value[name]) for name in sorted(value)}
        case list():
            return [_value(one) for one in value]
    return value
