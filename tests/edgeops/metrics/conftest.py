"""Series of the small estate."""

import pytest

from edgeops.aws import clients
from edgeops.metrics import registry
from tests.edgeops.metrics.fake_cloudwatch import FakeCloudWatch


@pytest.fixture
def series(api):
    """Every series of the Products API, by metric and statistic."""
    made = [one for hop in api.hops.all() for one in registry.ensure_series(hop)]
    return {(one.metric, one.statistic): one for one in made}


@pytest.fixture
def requests(series):
    return series["Requests", "Sum"]


@pytest.fixture
def here(local_aws, monkeypatch):
    """Have the product's own clients speak to local AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.url)
    clients.forget()
    yield local_aws
    clients.forget()


@pytest.fixture
def cloudwatch():
    return FakeCloudWatch()
