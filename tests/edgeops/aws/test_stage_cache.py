import pytest
from botocore.stub import Stubber

from edgeops.aws.errors import DeniedError, NotFoundError
from edgeops.aws.pacing import Pacer
from edgeops.aws.stage_cache import AVAILABLE, NONE, StageCaches, resource

STAGE = {"restApiId": "a1b2c3d4e5", "stageName": "prod"}


@pytest.fixture
def calls():
    return []


@pytest.fixture
def caches(calls):
    return StageCaches("eu-west-1", lambda *call: calls.append(call), pace=Pacer(0))


@pytest.fixture
def aws(caches):
    with Stubber(caches._gateway._boto) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_cache_is_emptied_by_one_call_that_bills_nothing(caches, aws, calls):
    aws.add_response("flush_stage_cache", {}, STAGE)

    caches.flush("a1b2c3d4e5", "prod")

    assert calls == [("apigateway", "FlushStageCache", 0)]


def test_a_denied_flush_names_the_verb_that_iam_knows(caches, aws):
    aws.add_client_error("flush_stage_cache", "AccessDeniedException", "no", http_status_code=403)

    with pytest.raises(DeniedError, match="IAM action apigateway:DELETE"):
        caches.flush("a1b2c3d4e5", "prod")


def test_the_resource_to_allow_is_the_cache_of_that_stage():
    assert resource("eu-west-1", "a1b2c3d4e5", "prod") == (
        "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod/cache/data"
    )


@pytest.mark.parametrize(("told", "word"), [({"cacheClusterStatus": "AVAILABLE"}, AVAILABLE), ({}, NONE)])
def test_the_status_of_a_cache_is_in_aws_words(caches, aws, told, word):
    aws.add_response("get_stage", told, STAGE)

    assert caches.status("a1b2c3d4e5", "prod") == word


def test_a_stage_that_is_not_there_is_not_found(caches, aws):
    aws.add_client_error("get_stage", "NotFoundException", "Invalid stage identifier specified", http_status_code=404)

    with pytest.raises(NotFoundError):
        caches.status("a1b2c3d4e5", "prod")
