"""A small estate as a document, and strategies that make many others."""

from decimal import Decimal

from hypothesis import strategies as st

from edgeops.estate import plain
from edgeops.estate.document import AccountDoc, ApiDoc, DistributionDoc, EstateDoc, HopDoc
from edgeops.estate.models import HopKind

SHOP = AccountDoc(name="shop", aws_account_id="123456789012", region="eu-west-1")
EDGE = DistributionDoc(
    aws_id="E1PRODUCTSDEMO",
    name="products",
    domain="d1products00demo.cloudfront.net",
    aliases=("products.example.test", "www.example.test"),
    has_additional_metrics=True,
)
CLOUDFRONT = HopDoc(
    kind="cloudfront",
    name="E1PRODUCTSDEMO",
    region="us-east-1",
    position=0,
    dimensions={"DistributionId": "E1PRODUCTSDEMO", "Region": "Global"},
)
GATEWAY = HopDoc(
    kind="rest_api",
    name="products-api",
    region="eu-west-1",
    position=1,
    dimensions={"ApiName": "products-api", "Stage": "prod"},
    aws_id="a1b2c3d4e5",
)
FUNCTION = HopDoc(
    kind="lambda",
    name="products-handler",
    region="eu-west-1",
    position=2,
    dimensions={"FunctionName": "products-handler"},
    details={"memory_mb": 512, "layers": ["a", None]},
)
PRODUCTS = ApiDoc(
    slug="products",
    name="Products API",
    account="shop",
    region="eu-west-1",
    distribution=EDGE,
    hops=(CLOUDFRONT, GATEWAY, FUNCTION),
)
ESTATE = EstateDoc(accounts=(SHOP,), apis=(PRODUCTS,))

REGIONS = st.sampled_from(["eu-west-1", "us-east-1", "ap-southeast-2"])
SLUGS = st.from_regex(r"[-a-zA-Z0-9_]{1,60}", fullmatch=True)
LINES = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=40).filter(str.strip)
STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STORABLE, inner, max_size=3),
    max_leaves=8,
)
HOSTS = st.from_regex(r"(\*\.)?[a-z]{1,9}\.example\.(com|test)", fullmatch=True)
ADDRESSES = st.sampled_from(["", "https://example.com", "http://127.0.0.1:9000/_origin/a"])


@st.composite
def accounts(draw, name):
    identity = draw(st.from_regex(r"[0-9]{12}", fullmatch=True))
    role = f"arn:aws:iam::{identity}:role/{name}"
    return AccountDoc(
        name=name,
        aws_account_id=identity,
        region=draw(REGIONS),
        other_regions=tuple(draw(st.lists(REGIONS, max_size=3))),
        role_arn=draw(st.sampled_from(["", role])),
        monthly_budget=draw(st.none() | st.decimals(0, Decimal("999999.99"), places=2)),
    )


@st.composite
def hops(draw):
    kind = draw(st.sampled_from(HopKind.values))
    needed = st.fixed_dictionaries(dict.fromkeys(sorted(plain.DIMENSIONS.get(HopKind(kind), ())), LINES))
    return HopDoc(
        kind=kind,
        name=draw(LINES),
        region=draw(REGIONS),
        position=draw(st.integers(0, 100)),
        dimensions=draw(st.just({}) | needed),
        aws_id=draw(st.just("") | LINES),
        details=draw(st.dictionaries(STORABLE, JSON, max_size=3)),
    )


@st.composite
def apis(draw, slug, account):
    distribution = DistributionDoc(
        aws_id=draw(st.from_regex(r"[A-Z0-9]{1,40}", fullmatch=True)),
        name=draw(LINES),
        domain=draw(HOSTS),
        aliases=tuple(draw(st.lists(HOSTS, max_size=3))),
        has_additional_metrics=draw(st.booleans()),
        viewer_base_url=draw(ADDRESSES),
        viewer_host=draw(st.just("") | HOSTS),
        origin_probe_url=draw(ADDRESSES),
    )
    path = draw(st.lists(hops(), max_size=4, unique_by=lambda hop: (hop.kind, hop.region, hop.name, hop.aws_id)))
    return ApiDoc(
        slug=slug,
        name=draw(LINES),
        account=account,
        region=draw(REGIONS),
        distribution=distribution,
        hops=tuple(path),
        description=draw(st.just("") | LINES),
    )


@st.composite
def estates(draw):
    names = draw(st.lists(SLUGS, min_size=1, max_size=3, unique=True))
    slugs = draw(st.lists(SLUGS, max_size=3, unique=True))
    found = tuple(draw(apis(slug, draw(st.sampled_from(names)))) for slug in slugs)
    kept = {(api.account, api.distribution.aws_id): api for api in found}  # one word on each distribution
    kept = {api.name: api for api in kept.values()}
    return EstateDoc(accounts=tuple(draw(accounts(name)) for name in names), apis=tuple(kept.values()))
