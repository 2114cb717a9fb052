"""What an account may ask of CloudFront at once and a second, and from when on it may ask again."""

from django.core.validators import MinValueValidator
from django.db import models

from edgeops.estate.models import Account


class QuotaProfile(models.Model):
    """The bounds of an account; an empty one is switched off. AWS publishes no rates: these are cautious, from reports.

    `..._free_at` is when what was granted last has been worked off, shared by all workers.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="quota_profile")
    calls_per_second = models.FloatField(
        null=True, blank=True, default=0.5, validators=[MinValueValidator(0.01)], help_text="CreateInvalidation."
    )
    items_per_second = models.FloatField(null=True, blank=True, default=150, validators=[MinValueValidator(0.1)])
    wildcards_per_second = models.FloatField(null=True, blank=True, default=1, validators=[MinValueValidator(0.01)])
    inflight_paths = models.PositiveIntegerField(
        null=True, blank=True, default=3_000, help_text="In progress at once, of one distribution."
    )
    inflight_wildcards = models.PositiveIntegerField(
        null=True, blank=True, default=15, help_text="In progress at once, of the account to be safe."
    )
    headroom = models.PositiveIntegerField(default=2, help_text="Left free of those in progress, for others.")
    calls_free_at = models.DateTimeField(null=True, editable=False)
    items_free_at = models.DateTimeField(null=True, editable=False)
    wildcards_free_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"quota of {self.account}"

    @classmethod
    def of(cls, account: Account) -> "QuotaProfile":
        """The stored profile, or the defaults."""
        return cls.objects.filter(account=account).first() or cls(account=account)
