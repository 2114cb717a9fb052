"""What CloudFront has billed an account for, month by month."""

from datetime import date

from django.db import models

from edgeops.estate.models import Account


class CostMonth(models.Model):
    """The items CloudFront accepted from EdgeOps in one month, UTC. Others may have spent of the same allowance."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invalidation_months")
    month = models.DateField(help_text="Its first day.")
    items = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "month"], name="cost_month_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.month:%Y-%m}: {self.items}"

    @classmethod
    def used(cls, account: Account, month: date) -> int:
        """Items billed in a month so far; none is none."""
        return cls.objects.filter(account=account, month=month).values_list("items", flat=True).first() or 0
