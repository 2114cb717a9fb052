"""The tables: what happened, as marks on charts; what failed, for people to be told."""

from edgeops.timeline.models.events import Event
from edgeops.timeline.models.failures import Failure

__all__ = ["Event", "Failure"]
