"""How reading AWS goes: whether each service of an account answers, and what the calls cost."""

from datetime import datetime, timedelta
from typing import Self

from django.db import connection, models

from edgeops.aws.clients import Meter
from edgeops.aws.errors import AwsError, DeniedError
from edgeops.estate import breaker
from edgeops.estate.models.path import Account


class AccessState(models.TextChoices):
    """How reading one AWS service is going; a separate axis from what the data says."""

    FRESH = "FRESH", "Fresh"
    PARTIAL = "PARTIAL", "Partial"
    FETCH_FAILED = "FETCH_FAILED", "Fetch failed"
    FORBIDDEN = "FORBIDDEN", "Forbidden"


class AccountHealthQuerySet(models.QuerySet["AccountHealth"]):
    """Queries over how reading goes."""

    def troubled(self) -> Self:
        """What does not read as it should, with its account."""
        return self.exclude(state=AccessState.FRESH).select_related("account")

    def untroubled(self) -> Self:
        """What reads as it should and is not held back in any way."""
        return self.filter(state=AccessState.FRESH, message="", failures=0, blocked_until=None, max_queries=None)

    def marks(self) -> list[tuple[str, str]]:
        """All that can change in what a page says of trouble, for its ETag."""
        return list(self.order_by("pk").values_list("state", "message"))


class AccountHealth(models.Model):
    """Whether calls to one service of one account and region succeed, and what AWS said when they did not."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="health")
    region = models.CharField(max_length=30)
    service = models.CharField(max_length=30)
    state = models.CharField(max_length=20, choices=AccessState.choices)
    message = models.TextField(blank=True, help_text="What happened, what it means and what to do.")
    since = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Failed calls in a row.")
    blocked_until = models.DateTimeField(null=True, help_text="The breaker is open: nothing is asked before this.")
    max_queries = models.PositiveSmallIntegerField(null=True, help_text="Smaller requests after throttling.")

    objects = AccountHealthQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "service"], name="health_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region} {self.service}: {self.state}"

    @classmethod
    def note(
        cls, account: Account, region: str, service: str, state: AccessState, *, message: str = "", now: datetime
    ) -> None:
        """Record that the latest call was answered, and how; that closes the breaker."""
        same = cls.objects.filter(account=account, region=region, service=service)
        if state == AccessState.FRESH and not message and same.untroubled().update(last_ok_at=now):
            return  # as nearly every time
        row, _ = cls.objects.get_or_create(
            account=account, region=region, service=service, defaults={"state": state, "since": now}
        )
        row.failures, row.blocked_until = 0, None
        row.max_queries = breaker.larger(row.max_queries)
        row.state_as(state, message, now)

    @classmethod
    def note_failure(
        cls, account: Account, region: str, service: str, error: AwsError, *, now: datetime
    ) -> "AccountHealth":
        """Record that the latest call failed, and what AWS said; after five failures in a row less is asked."""
        state = AccessState.FORBIDDEN if isinstance(error, DeniedError) else AccessState.FETCH_FAILED
        row, _ = cls.objects.get_or_create(
            account=account, region=region, service=service, defaults={"state": state, "since": now}
        )
        row.failures += 1
        row.max_queries = breaker.smaller(row.max_queries, error)
        pause = breaker.pause(row.failures, error)
        row.blocked_until = None if pause is None else now + pause
        row.state_as(state, f"{error}{_words(row.failures, pause)}", now)
        return row

    def state_as(self, state: AccessState, message: str, now: datetime) -> None:
        """Write how it goes; `since` moves only when the state changes."""
        if self.state != state:
            self.state, self.since = state, now
        self.message = message
        if state == AccessState.FRESH:
            self.last_ok_at = now
        self.save()

    @classmethod
    def held_until(cls, account_id: int, region: str, service: str, now: datetime) -> datetime | None:
        """None: ask. Otherwise when to come back; of several who come once the pause is over, one may ask."""
        health = cls.objects.filter(account=account_id, region=region, service=service)
        until: datetime | None = health.values_list("blocked_until", flat=True).first()
        if until is None or until > now:
            return until
        probe_until = now + breaker.PROBE_EVERY
        return None if health.filter(blocked_until=until).update(blocked_until=probe_until) else probe_until


def _words(failures: int, pause: timedelta | None) -> str:
    if pause is None:
        return ""
    return f" After {failures} failures in a row EdgeOps asks once in {pause.total_seconds() / 60:.0f} min."


ADD_USAGE = """
INSERT INTO estate_awsusage (account_id, region, service, operation, hour, calls, units, units_at_least)
SELECT id, %s, %s, %s, %s, 1, %s, %s FROM estate_account WHERE id = %s
ON CONFLICT (account_id, region, service, operation, hour) DO UPDATE SET
    calls = estate_awsusage.calls + 1,
    units = estate_awsusage.units + excluded.units,
    units_at_least = estate_awsusage.units_at_least + excluded.units_at_least
"""


class AwsUsage(models.Model):
    """Calls made and metrics requested, per hour: what EdgeOps itself costs on the AWS bill."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage")
    region = models.CharField(max_length=30)
    service = models.CharField(max_length=30)
    operation = models.CharField(max_length=60)
    hour = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    units = models.PositiveIntegerField(default=0, help_text="Billed units, as metrics requested or paths.")
    units_at_least = models.PositiveIntegerField(default=0, help_text="Where the price list can be read in two ways.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "service", "operation", "hour"], name="usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.service}.{self.operation} {self.hour:%Y-%m-%d %H}: {self.calls}"

    @classmethod
    def meter(cls, account: Account, region: str, now: datetime) -> Meter:
        """What counts every request of a gateway on the hour of `now`."""

        def meter(service: str, operation: str, units: int, at_least: int | None = None) -> None:
            cls.count(account, region, service, operation, units=units, at_least=at_least, now=now)

        return meter

    @classmethod
    def count(
        cls,
        account: Account,
        region: str,
        service: str,
        operation: str,
        *,
        units: int,
        at_least: int | None = None,
        now: datetime,
    ) -> None:
        """Add one call and its units to the hour's row; safe under any number of workers.

        An account that was removed meanwhile has no bill any more.
        """
        hour = connection.ops.adapt_datetimefield_value(now.replace(minute=0, second=0, microsecond=0))
        low = units if at_least is None else at_least
        with connection.cursor() as cursor:
            cursor.execute(ADD_USAGE, [region, service, operation, hour, units, low, account.pk])
