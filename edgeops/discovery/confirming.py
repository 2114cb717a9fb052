"""Taking into the estate what a person confirmed of a path that was found."""

from datetime import datetime
from uuid import UUID

from edgeops.access.audit import Actor
from edgeops.discovery import adopting
from edgeops.discovery.models import Discovery, Resolution
from edgeops.estate import turns
from edgeops.estate.accounts import EstateError
from edgeops.estate.document import ApiDoc
from edgeops.estate.models import EdgeApi

GONE = "What was found here is not kept any more: its account was removed meanwhile. Look at the distribution again."
TAKEN = "/apis/{slug}/ is {name} already. Take another slug."


def confirm(pk: UUID, wanted: ApiDoc, *, actor: Actor, now: datetime) -> EdgeApi:
    """Operate the API that a person made of a found path; confirmed twice, it is the same API.

    Raises EstateError in words, or DocumentError; then nothing is changed.
    """
    with turns.taken():
        found = Discovery.objects.filter(pk=pk).first()
        if found is None:
            raise EstateError(GONE)
        if found.api is not None:
            return found.api
        taken = EdgeApi.objects.filter(slug=wanted.slug).first()
        if taken is not None:
            raise EstateError(TAKEN.format(slug=taken.slug, name=taken.name))
        api = adopting.adopt_api(wanted, actor=actor, now=now)
        EdgeApi.objects.filter(pk=api.pk).update(path_checked_at=found.finished_at)
        Discovery.objects.filter(pk=pk).update(
            api=api, resolution=Resolution.APPLIED, resolved_by=actor.name, resolved_at=now
        )
    return api
