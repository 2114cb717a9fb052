"""What EdgeOps itself failed at, to be told to a person."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q


class FailureQuerySet(models.QuerySet["Failure"]):
    """Queries over failures."""

    def due(self, now: datetime) -> Self:
        """Those to look at now, longest waiting first: they are to be told, or were an hour ago."""
        return self.filter(look_at__lte=now).order_by("look_at", "pk")

    def standing(self) -> Self:
        """Those that are not over: what fails again is counted on them."""
        return self.filter(look_at__isnull=False)


class Failure(models.Model):
    """Something EdgeOps could not do, of which a person must be told; repeats of the same are counted, not added.

    Who is told is for notifications to decide; whoever fails writes this in the transaction that says so.
    """

    kind = models.CharField(max_length=40, help_text="invalidation.failed, webhook.failed, ...")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=200, help_text="Of what: the same again is a repeat.")
    title = models.CharField(max_length=300, help_text="What happened, the first time.")
    advice = models.TextField(help_text="What it means and what to do.")
    path = models.CharField(max_length=200, help_text="The page that shows it.")
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    told = models.PositiveIntegerField(default=0, help_text="Of how many the channels that want to know were told.")
    look_at = models.DateTimeField(null=True, help_text="When notifications look at it next; empty: it is over.")

    objects = FailureQuerySet.as_manager()

    class Meta:
        constraints = [
            # A hundred that fail at once in as many workers are one failure that happened a hundred times.
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(look_at__isnull=False),
                name="failure_standing_once",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], name="failure_due", condition=Q(look_at__isnull=False)),  # who to tell
            models.Index(fields=["-began_at"], name="failure_newest"),  # the page of channels
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.count})"

    @classmethod
    def put(cls, kind: str, *, subject: tuple[str, object], title: str, advice: str, path: str, at: datetime) -> None:
        """Note a failure, or count it on the one that stands, whose row is held until the transaction ends.

        A transaction notes one, after all else it may wait for; two could wait for those of another worker.
        """
        what = {"kind": kind, "subject_kind": subject[0], "subject_id": str(subject[1])}
        same = cls.objects.standing().filter(**what)
        again = {"count": F("count") + 1, "last_at": at}
        if same.update(**again):
            return
        first = {"title": title[:300], "advice": advice, "path": path, "began_at": at, "last_at": at, "look_at": at}
        _, is_new = same.get_or_create(**what, defaults=first)
        if not is_new:  # another worker's came first
            same.update(**again)
