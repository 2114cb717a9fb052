import pytest

from edgeops.aws.apigatewayv2 import Mapping
from edgeops.discovery import routes


@pytest.mark.parametrize(
    ("origin_path", "path_pattern", "expected"),
    [
        ("", "*", ()),
        ("/prod", "*", ("prod",)),
        ("/prod", "/api/*", ("prod", "api")),
        ("", "/api/v1/orders", ("api", "v1", "orders")),
        ("", "/ap*", ()),
        ("", "/api/v?/x", ("api",)),
        ("", "images/*.jpg", ("images",)),
        ("/a/b/", "/", ("a", "b")),
    ],
)
def test_only_whole_segments_before_a_wildcard_are_sure(origin_path, path_pattern, expected):
    assert routes.beginning(origin_path, path_pattern) == expected


ROOT, V1, V1_BETA, V2 = (Mapping(key, "api", "live") for key in ("", "v1", "v1/beta", "v2"))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("v1",), [V1, V1_BETA]),
        (("v1", "orders"), [V1]),
        (("v1", "beta", "x"), [V1_BETA]),
        (("v10",), [ROOT]),
        ((), [ROOT, V1, V1_BETA, V2]),
    ],
)
def test_the_longest_mapping_that_fits_answers_and_deeper_ones_may(asked, expected):
    assert routes.mapped([asked], [ROOT, V1, V1_BETA, V2]) == expected


def test_without_a_mapping_for_the_rest_nothing_else_is_reached():
    assert routes.mapped([("other",)], [V1, V2]) == []


def test_each_stage_is_reached_once_however_many_paths_lead_there():
    assert routes.rest_stages([("prod",), ("prod", "x"), ("dev",)], ["dev", "prod", "test"]) == ["prod", "dev"]
    assert routes.http_stages([(), ("x",)], ["$default", "dev"]) == ["$default"]
    assert routes.http_stages([()], ["dev", "prod"]) == ["dev", "prod"]
    assert routes.http_stages([("x",)], ["dev"]) == []
