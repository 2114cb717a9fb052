import pytest

from edgeops.estate.models import Hop
from edgeops.traces import filters

CLOUDFRONT = Hop(kind="cloudfront", name="E1", dimensions={"DistributionId": "E1"})
REST = Hop(kind="rest_api", name="products-api", dimensions={"ApiName": "products-api", "Stage": "prod"})
REST_WITHOUT_STAGE = Hop(kind="rest_api", name="products-api", dimensions={"ApiName": "products-api"})
HTTP = Hop(kind="http_api", name="orders-api", dimensions={"ApiId": "f6g7h8i9j0", "Stage": "$default"})
LAMBDA = Hop(kind="lambda", name="orders-handler", dimensions={"FunctionName": "orders-handler"})
ALB = Hop(kind="alb", name="catalog-alb", dimensions={})
SEARCH = Hop(kind="target_group", name="catalog-search", dimensions={})
BROWSE = Hop(kind="target_group", name="catalog-browse", dimensions={})
ODD = Hop(kind="lambda", name='a"b\\c', dimensions={})


@pytest.mark.parametrize(
    ("hops", "expression"),
    [
        ([CLOUDFRONT, REST, LAMBDA], 'service("products-api/prod")'),
        ([CLOUDFRONT, REST_WITHOUT_STAGE, LAMBDA], 'service("orders-handler")'),
        ([CLOUDFRONT, HTTP, LAMBDA], 'service("orders-handler")'),
        ([CLOUDFRONT, ALB, SEARCH, BROWSE], 'service("catalog-search") OR service("catalog-browse")'),
        ([ODD], 'service("a\\"b\\\\c")'),
    ],
)
def test_an_api_is_found_by_its_outermost_traced_hops(hops, expression):
    assert filters.expression(hops) == expression


@pytest.mark.parametrize("hops", [[], [CLOUDFRONT], [CLOUDFRONT, HTTP], [CLOUDFRONT, ALB]])
def test_a_path_without_a_traced_hop_has_no_expression(hops):
    assert filters.expression(hops) is None
