from edgeops.aws import clients, cloudwatch


def test_a_client_is_made_once_per_service_and_region():
    assert clients.client("sts", "eu-west-1") is clients.client("sts", "eu-west-1")
    assert clients.client("sts", "eu-west-1") is not clients.client("sts", "us-east-1")


def test_time_outs_and_retries_are_stated_on_every_client():
    for made, attempts in ((clients.client("cloudfront", "us-east-1"), 3), (cloudwatch.client("eu-west-1"), 1)):
        config = made.meta.config
        assert (config.connect_timeout, config.read_timeout) == (3, 10)
        assert config.retries == {"mode": "standard", "total_max_attempts": attempts}, "what is billed is counted"


def test_the_endpoint_of_the_environment_is_honoured():
    assert clients.client("sts", "eu-west-1").meta.endpoint_url == "http://127.0.0.1:9"
    assert cloudwatch.client("eu-west-1").meta.endpoint_url == "http://127.0.0.1:9"
