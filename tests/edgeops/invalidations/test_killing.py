"""A worker is killed before each write and on either side of each call: nothing is lost, nothing billed twice."""

import pytest

from tests.fixtures import killing, localaws
from tests.fixtures.processes import database_url


@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", ["distribution", "tenant"])
def test_a_worker_killed_at_any_step_loses_nothing_and_bills_nothing_twice(transactional_db, tmp_path, place):
    with localaws.running(tmp_path / "localaws.json", "--invalidation-seconds", "0.05") as local_aws:
        found = killing.report(
            local_aws,
            {"DATABASE_URL": database_url(), "EDGEOPS_STATE_DIR": str(tmp_path)},
            timeout=800,
            place=place,
        )

    assert found["finished"], "the last worker was not killed: every step was walked"
    assert found["killed"] > 30
    requests = found["killed"] + 1
    assert found["requests"] == requests
    assert found["states"] == {"verified": requests}
    assert (found["uncovered"], found["sent_too_early"]) == (0, 0)
    assert (found["paths_sent"], found["paths_sent_twice"]) == (2 * requests, 0)
    assert found["billed_by_aws"] == found["billed_by_ledger"] == found["billed_by_batches"] == 2 * requests
