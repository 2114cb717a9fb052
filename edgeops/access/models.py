"""The user model, and the audit row written with every change a person or a webhook causes."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in; ours from the first migration, so that it can grow."""

    class Meta:
        # The three roles are permissions; the groups of the same names hold them cumulatively.
        permissions = [
            ("viewer", "May see every page"),
            ("operator", "May invalidate, and create and edit alarms"),
            ("admin", "May invalidate /*, and manage channels, webhooks and secrets"),
        ]

    @property
    def role(self) -> str:
        """The highest role held: admin, operator, viewer, or an empty string for none."""
        held = self.get_all_permissions()
        return next((role for role in ("admin", "operator", "viewer") if f"access.{role}" in held), "")


class Audit(models.Model):
    """One thing somebody did: who, what, to which row, why, from where. Rows are only ever added."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20, help_text="user, webhook or system")
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60, help_text="noun.verb, as invalidation.requested")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    summary = models.CharField(max_length=500)
    reason = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),  # the audit page
            models.Index(fields=["subject_kind", "subject_id"], name="audit_subject"),  # the history of one row
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.subject_kind}:{self.subject_id}"
