import pytest

from edgeops.metrics import catalogue
from edgeops.metrics.catalogue.spelling import ARTICLE_NAMES


@pytest.mark.parametrize(
    ("kind", "written", "real", "reason"),
    [
        ("alb", "HTTPCodeTarget5XXCount", "HTTPCode_Target_5XX_Count", "underscores"),
        ("alb", "HTTPCodeELB5XXCount", "HTTPCode_ELB_5XX_Count", "underscores"),
        ("alb", "httpcode_elb_504", "HTTPCode_ELB_504_Count", "exact"),
        ("alb", "Latency", "TargetResponseTime", "seconds"),
        ("target_group", " Latency ", "TargetResponseTime", "seconds"),
        ("http_api", "5XXError", "5xx", "ApiId"),
        ("rest_api", "5xx", "5XXError", "REST"),
        ("cloudfront", "RequestCount", "Requests", "load balancer"),
        ("cloudfront", "4XXErrorRate", "4xxErrorRate", "exact"),
        ("cloudfront", "Cache-Hit-Ratio", "CacheHitRate", "additional metrics"),
        ("edge_function", "ExecutionErrors", "FunctionExecutionErrors", "older guides"),
        ("lambda", "5XXError", "Errors", "status 500"),
    ],
)
def test_a_name_from_an_article_leads_to_the_real_one_with_the_reason(kind, written, real, reason):
    found = catalogue.real_name(written, kind)

    assert found.name == real
    assert reason in found.reason


@pytest.mark.parametrize(
    ("kind", "right"),
    [("rest_api", "Latency"), ("alb", "RequestCount"), ("http_api", "5xx"), ("cloudfront", "Requests")],
)
def test_a_name_that_is_right_for_its_hop_is_not_corrected(kind, right):
    assert catalogue.real_name(right, kind) is None


def test_a_name_nobody_knows_is_not_guessed_at():
    assert catalogue.real_name("Happiness", "alb") is None
    assert catalogue.real_name("Latency", "s3") is None


def test_every_article_name_leads_to_a_metric_of_that_very_kind_of_hop():
    for kind, names in ARTICLE_NAMES.items():
        for written, real in names.items():
            assert real.name in {metric.name for metric in catalogue.offered(kind)}, (kind, written)
            assert catalogue.real_name(written, kind) == real, "a looser match hides the reason"


def test_search_finds_by_words_of_title_and_meaning_and_by_names_used_elsewhere():
    assert {one.name for one in catalogue.search("Latency", "alb")} == {"TargetResponseTime"}
    assert {one.name for one in catalogue.search("target 504", "alb")} == {"HTTPCode_ELB_504_Count"}
    assert {one.name for one in catalogue.search("hosts healthy routed", "target_group")} == set()
    assert catalogue.search("", "waf") == catalogue.offered("waf")
