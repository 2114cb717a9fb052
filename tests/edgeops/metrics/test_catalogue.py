import pytest

from edgeops.estate.models import HopKind
from edgeops.metrics import catalogue
from edgeops.metrics.catalogue import CATALOGUE, AbsentMeans, Unit

ROAD = {
    "cloudfront": {
        "Requests", "BytesDownloaded", "TotalErrorRate", "4xxErrorRate", "5xxErrorRate", "CacheHitRate",
        "OriginLatency",
    },
    "alb": {
        "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "TargetConnectionErrorCount", "TargetResponseTime",
        "RequestCount", "HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count",
    },
    "target_group": {
        "HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount", "HealthyHostCount", "UnHealthyHostCount",
        "TargetResponseTime", "RequestCount",
    },
    "rest_api": {
        "Count", "Latency", "IntegrationLatency", "4XXError", "5XXError", "CacheHitCount", "CacheMissCount",
    },
    "http_api": {"Count", "Latency", "IntegrationLatency", "4xx", "5xx"},
    "lambda": {"Invocations", "Errors", "Throttles", "Duration"},
    "waf": {"BlockedRequests", "AllowedRequests"},
    "health_check": {"HealthCheckStatus"},
    "edge_function": {"FunctionInvocations", "FunctionExecutionErrors"},
    "s3": set(),
    "custom_origin": set(),
}  # fmt: skip


# Everything AWS documents, but what is per method, zone, alias or rule.
PUBLISHED = {
    "cloudfront": "BytesUploaded 401ErrorRate 403ErrorRate 404ErrorRate 502ErrorRate 503ErrorRate 504ErrorRate",
    "edge_function": "FunctionValidationErrors FunctionThrottles FunctionComputeUtilization KvsReadRequests "
    "KvsReadErrors",
    "alb": "HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_ELB_3XX_Count "
    "HTTPCode_ELB_4XX_Count HTTPCode_ELB_500_Count RejectedConnectionCount ActiveConnectionCount NewConnectionCount "
    "ConsumedLCUs PeakLCUs ReservedLCUs CapacityUtilization ProcessedBytes RuleEvaluations "
    "ClientTLSNegotiationErrorCount TargetTLSNegotiationErrorCount",
    "target_group": "HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count "
    "RequestCountPerTarget AnomalousHostCount MitigatedHostCount HealthyStateRouting UnhealthyStateRouting "
    "UnhealthyRoutingRequestCount LambdaUserError LambdaInternalError TargetTLSNegotiationErrorCount",
    "rest_api": "",
    "http_api": "DataProcessed",
    "lambda": "ConcurrentExecutions UnreservedConcurrentExecutions ClaimedAccountConcurrency",
    "waf": "CountedRequests CaptchaRequests ChallengeRequests PassedRequests",
    "health_check": "HealthCheckPercentageHealthy ChildHealthCheckHealthyCount ConnectionTime SSLHandshakeTime "
    "TimeToFirstByte",
    "s3": "",
    "custom_origin": "",
}


@pytest.mark.parametrize("kind", HopKind.values)
def test_everything_aws_publishes_of_a_hop_can_be_asked_for(kind):
    assert {metric.name for metric in catalogue.offered(kind)} == ROAD[kind] | set(PUBLISHED[kind].split())


@pytest.mark.parametrize(
    "kinds",
    [
        ("cloudfront", "waf", "health_check", "edge_function", "rest_api", "lambda"),
        ("cloudfront", "waf", "health_check", "edge_function", "http_api", "lambda"),
        ("cloudfront", "waf", "health_check", "edge_function", "alb", "target_group"),
    ],
)
def test_the_richest_path_is_read_with_some_thirty_five_series(kinds):
    read = sum(len(catalogue.for_hop(kind, has_additional_metrics=True)) for kind in kinds)

    assert read <= 35


@pytest.mark.parametrize("kind", HopKind.values)
def test_every_kind_of_hop_is_read_exactly_the_metrics_that_tell_where_trouble_is(kind):
    names = {metric.name for metric in catalogue.for_hop(kind, has_additional_metrics=True)}

    assert names == ROAD[kind]


def test_paid_cloudfront_metrics_are_left_out_where_they_are_not_enabled():
    free = {metric.name for metric in catalogue.for_hop("cloudfront", has_additional_metrics=False)}

    assert ROAD["cloudfront"] - free == {"CacheHitRate", "OriginLatency"}


def test_no_metric_is_listed_twice():
    keys = [(metric.hop_kind, metric.name, metric.statistic) for metric in CATALOGUE]

    assert len(keys) == len(set(keys))


def test_only_sums_and_counts_of_requests_may_be_zero_when_absent():
    zeros = [metric for metric in CATALOGUE if metric.absent_means == AbsentMeans.ZERO]

    assert {metric.statistic for metric in zeros} == {"Sum", "SampleCount"}
    gaps = [metric for metric in CATALOGUE if metric not in zeros and metric.statistic in {"Sum", "SampleCount"}]
    assert {metric.name for metric in gaps} == {
        "CacheHitCount", "CacheMissCount", "KvsReadRequests", "KvsReadErrors", "LambdaUserError",
        "LambdaInternalError", "RequestCountPerTarget", "PassedRequests",
    }, "these are published of some hops only, and their absence says nothing of the others"  # fmt: skip


def test_a_cloudfront_metric_is_asked_for_with_its_one_valid_statistic():
    statistics = {
        (metric.name, metric.statistic[0]) for metric in catalogue.for_hop("cloudfront", has_additional_metrics=True)
    }

    assert statistics == {
        ("Requests", "S"), ("BytesDownloaded", "S"), ("TotalErrorRate", "A"), ("4xxErrorRate", "A"),
        ("5xxErrorRate", "A"), ("CacheHitRate", "A"), ("OriginLatency", "p"),
    }  # fmt: skip


def test_response_time_of_targets_is_in_seconds_and_every_other_latency_in_milliseconds():
    seconds = {metric.name for metric in CATALOGUE if metric.unit == Unit.SECONDS}
    milliseconds = {metric.name for metric in CATALOGUE if metric.unit == Unit.MILLISECONDS}

    assert seconds == {"TargetResponseTime"}
    assert milliseconds == {
        "OriginLatency", "Latency", "IntegrationLatency", "Duration", "ConnectionTime", "SSLHandshakeTime",
        "TimeToFirstByte",
    }  # fmt: skip


def test_rules_of_a_metric_do_not_depend_on_the_hop_it_is_read_of():
    for metric in CATALOGUE:
        found = catalogue.find(metric.namespace, metric.name, metric.statistic)
        assert found is not None
        assert (found.absent_means, found.delay_seconds, found.unit) == (
            metric.absent_means,
            metric.delay_seconds,
            metric.unit,
        )


def test_no_two_lines_of_one_hop_are_called_the_same():
    titles = [(metric.hop_kind, metric.title) for metric in CATALOGUE]

    assert len(titles) == len(set(titles))


def test_an_unknown_metric_has_no_rules():
    assert catalogue.find("AWS/CloudFront", "RequestCount", "Sum") is None


@pytest.mark.django_db
def test_a_series_leads_back_to_its_entry_and_a_stranger_is_refused(requests):
    assert catalogue.of(requests).title == "Requests"

    requests.metric = "RequestCount"
    with pytest.raises(LookupError, match="not in the metric catalogue"):
        catalogue.of(requests)


def test_the_overview_shows_viewer_requests_but_not_every_metric():
    assert catalogue.is_headline("cloudfront", "Requests", "Sum")
    assert not catalogue.is_headline("lambda", "Throttles", "Sum")
    assert not catalogue.is_headline("lambda", "Requests", "Sum")
