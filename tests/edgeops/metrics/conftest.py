"""Series of the small estate."""

import pytest

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
def cloudwatch():
    return FakeCloudWatch()
