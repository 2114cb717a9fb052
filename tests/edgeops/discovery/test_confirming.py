import uuid
from dataclasses import replace

import pytest
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.discovery import confirming
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate import snapshot
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import EdgeApi

ADA = Actor(kind="user", name="ada")


@pytest.fixture
def found(account, now):
    return Discovery.objects.create(
        account=account, kind=DiscoveryKind.PATH, requested_at=now, requested_by="ada", finished_at=now, state="done"
    )


def test_a_slug_somebody_took_a_moment_ago_is_not_overwritten(found, api):
    wanted = replace(snapshot.api_doc(api), name="Another")
    with pytest.raises(EstateError, match="/apis/products/ is Products API already"):
        confirming.confirm(found.pk, wanted, actor=ADA, now=timezone.now())
    assert EdgeApi.objects.get().name == "Products API"


def test_confirmed_twice_it_is_the_same_api(found, api):
    wanted = replace(snapshot.api_doc(api), slug="second", name="Second")
    first, second = (confirming.confirm(found.pk, wanted, actor=ADA, now=timezone.now()) for _ in range(2))
    assert first == second
    assert EdgeApi.objects.count() == 2
    assert first.distribution == api.distribution


def test_what_is_gone_is_said(api):
    with pytest.raises(EstateError, match="its account was removed meanwhile"):
        confirming.confirm(uuid.uuid4(), snapshot.api_doc(api), actor=ADA, now=timezone.now())
