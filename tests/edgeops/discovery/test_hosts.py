import pytest

from edgeops.discovery import hosts
from edgeops.discovery.hosts import Answers, Host


@pytest.mark.parametrize(
    ("name", "answers", "region", "resource"),
    [
        ("A1b2c3d4e5.execute-api.EU-west-1.amazonaws.com", Answers.API, "eu-west-1", "a1b2c3d4e5"),
        ("shop-123.eu-west-1.elb.amazonaws.com.", Answers.BALANCER, "eu-west-1", ""),
        ("dualstack.shop-123.us-gov-west-1.elb.amazonaws.com", Answers.BALANCER, "us-gov-west-1", ""),
        ("gate-0123.elb.ap-southeast-2.amazonaws.com", Answers.BALANCER, "ap-southeast-2", ""),
        ("abc123.lambda-url.eu-central-1.on.aws", Answers.FUNCTION, "eu-central-1", ""),
        ("my.bucket.s3.eu-west-1.amazonaws.com", Answers.BUCKET, "eu-west-1", "my.bucket"),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", Answers.BUCKET, "eu-west-1", "bucket"),
        ("bucket.s3-website-us-east-1.amazonaws.com", Answers.BUCKET, "us-east-1", "bucket"),
        ("bucket.s3-website.eu-west-1.amazonaws.com", Answers.BUCKET, "eu-west-1", "bucket"),
        ("bucket.s3-eu-west-1.amazonaws.com", Answers.BUCKET, "eu-west-1", "bucket"),
        ("bucket.s3.amazonaws.com", Answers.BUCKET, "", "bucket"),
    ],
)
def test_a_name_of_awss_own_says_what_answers_and_where(name, answers, region, resource):
    bare = name.lower().rstrip(".").removeprefix("dualstack.")
    assert hosts.parse(name) == Host(bare, answers, region, resource)


@pytest.mark.parametrize(
    "name",
    [
        "api.example.test",
        "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com.evil.test",
        "d-abc123.execute-api.eu-west-1.amazonaws.com",
        "d111.cloudfront.net",
        "elb.amazonaws.com",
        "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
        "",
    ],
)
def test_any_other_name_is_nobodys_in_particular(name):
    assert hosts.parse(name) is None
