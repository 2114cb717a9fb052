from datetime import UTC, datetime

from edgeops.estate import keeping
from edgeops.estate.models import AwsUsage


def test_hours_of_the_bill_go_by_whole_months(account):
    """455 days before 22 November 2026 lie in August 2025, which stays whole."""
    for month in (7, 8, 9):
        AwsUsage.count(
            account, "eu-west-1", "xray", "GetTraceSummaries", units=1, now=datetime(2025, month, 1, tzinfo=UTC)
        )
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert keeping.tidy(now) == 1
    assert keeping.tidy(now) == 0
    assert min(AwsUsage.objects.values_list("hour", flat=True)) == datetime(2025, 8, 1, tzinfo=UTC)
