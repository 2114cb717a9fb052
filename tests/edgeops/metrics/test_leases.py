from datetime import timedelta

import pytest

from edgeops.metrics import leases
from edgeops.metrics.models import Lease

pytestmark = pytest.mark.django_db


def test_an_open_page_is_leased_for_90_seconds(api, now):
    assert leases.renew("api:products", api, now)

    lease = Lease.objects.get()
    assert (lease.key, lease.api, lease.expires_at) == ("api:products", api, now + timedelta(seconds=90))


def test_a_page_refreshed_within_30_seconds_writes_nothing(api, now, django_assert_num_queries):
    leases.renew("api:products", api, now)

    with django_assert_num_queries(1):
        assert not leases.renew("api:products", api, now + timedelta(seconds=29))

    assert Lease.objects.get().renewed_at == now


def test_a_page_refreshed_after_30_seconds_moves_the_lease(api, now):
    leases.renew("api:products", api, now)
    later = now + timedelta(seconds=30)

    assert leases.renew("api:products", api, later)

    assert Lease.objects.get().expires_at == later + timedelta(seconds=90)


def test_the_overview_leases_without_an_api(db, now):
    leases.renew("overview", None, now)

    assert Lease.objects.get().api is None


def test_pages_hold_leases_of_their_own(api, now):
    leases.renew("overview", None, now)
    leases.renew("api:products", api, now)

    assert set(Lease.objects.values_list("key", flat=True)) == {"overview", "api:products"}
