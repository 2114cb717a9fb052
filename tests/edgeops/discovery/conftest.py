"""An AWS of plain values, and a look at it."""

import pytest

from edgeops.discovery.survey import Survey
from tests.edgeops.discovery.fake_aws import ACCOUNT, Aws


@pytest.fixture
def fake_aws():
    return Aws()


@pytest.fixture
def survey(fake_aws):
    return Survey(ACCOUNT, fake_aws)
