"""Rows that ask AWS what there is: the distributions of an account, the path behind one, what the access allows."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.fetches import Fetch, FetchQuerySet, FetchState
from edgeops.estate.models import Account, EdgeApi


class DiscoveryKind(models.TextChoices):
    """What is asked."""

    DISTRIBUTIONS = "distributions", "The distributions of an account"
    PATH = "path", "The request path behind a distribution"
    ACCESS = "access", "What the account's access allows"


class Resolution(models.TextChoices):
    """What a person decided about a path that was found changed."""

    OPEN = "", "Not decided"
    APPLIED = "applied", "Applied"
    DISMISSED = "dismissed", "Dismissed"
    SUPERSEDED = "superseded", "Covered by a newer look"


class DiscoveryQuerySet(FetchQuerySet["Discovery"]):
    """Queries over what was asked."""

    def looks(self) -> Self:
        """Looks at the path of an API that is operated, which AWS answered; the newest first."""
        return self.filter(api__isnull=False, state=FetchState.DONE).order_by("-finished_at", "-requested_at")

    def undecided(self) -> Self:
        """Looks that found another path than the one operated, on which nobody has decided."""
        return self.looks().filter(resolution=Resolution.OPEN).exclude(differences=[])


class Discovery(Fetch):
    """One look at AWS; `result` is what was found, `problems` what could not be read, and why."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="discoveries")
    kind = models.CharField(max_length=20, choices=DiscoveryKind.choices)
    subject = models.CharField(max_length=300, blank=True, help_text="The distribution's id, or a tag as key=value.")
    api = models.ForeignKey(
        EdgeApi,
        on_delete=models.CASCADE,
        null=True,
        related_name="discoveries",
        help_text="Whose path is looked at anew.",
    )
    slot_at = models.DateTimeField(null=True, help_text="The tick that planned it; empty: a person asked.")
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    problems = models.JSONField(default=list)
    differences = models.JSONField(
        default=list, help_text="How the path found differs from the one operated, in words."
    )
    resolution = models.CharField(max_length=20, choices=Resolution.choices, blank=True, default=Resolution.OPEN)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True)

    objects = DiscoveryQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two beats look at a path once in each slot.
            models.UniqueConstraint(
                fields=["api", "slot_at"], condition=Q(slot_at__isnull=False), name="rediscovery_once"
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], name="discovery_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["requested_at"], name="discovery_age"),  # tidying
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.state}"
