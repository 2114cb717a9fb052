"""From the form to an invalidation of one tenant that is proven at its own host, through real processes."""

import re

from edgeops.access.models import User
from edgeops.estate.models import Account, Distribution, EdgeApi
from edgeops.invalidations.models import Batch, BatchState, Tenant
from edgeops.timeline.models import Event

NORTH, SOUTH, PAGE = "north.storefront.example.test", "south.storefront.example.test", "/storefront/1"


def storefront(house):
    """A distribution for tenants, as it is once it was added."""
    account = Account.objects.get(aws_account_id="123456789012")
    products = Distribution.objects.get(name="products")
    made = Distribution.objects.create(
        account=account, aws_id="E8STOREFRONTS0", name="storefronts", domain="d8storefronts0demo.cloudfront.net",
        viewer_base_url=products.viewer_base_url,
    )  # fmt: skip
    EdgeApi.objects.create(
        slug="storefront", name="Storefronts", account=account, region="eu-west-1", distribution=made
    )
    return made


def test_a_tenant_is_invalidated_by_itself_and_proven_at_its_own_host(house):
    made = storefront(house)
    house.start("worker", "beat", "web")
    house.await_web()
    house.until(lambda: Tenant.objects.count() == 2, "the tenants to be listed")
    for host in (NORTH, SOUTH):
        house.view(PAGE, host=host)
        assert house.view(PAGE, host=host).headers["X-Cache"] == "Hit from cloudfront"

    send = house.open_form("/cache/invalidations/new/", house.sign_in(User.objects.get(username="operator")))
    filled = {"distribution": made.pk, "paths": f"https://{NORTH}{PAGE}", "reason": "new window"}
    assert "Say which of its tenants is meant." in send(filled).text
    filled["tenant"] = "storefront-north"
    preview = send(filled).text
    assert "1 item on storefront-north of storefronts" in preview
    assert send(filled | {"seen": re.search(r'name="seen" value="(\w+)"', preview)[1]}).status == 302
    house.until(lambda: Batch.objects.filter(state=BatchState.VERIFIED).exists(), "the proof")

    batch = Batch.objects.get()
    assert batch.probes.get().x_cache == "Miss from cloudfront"
    (created,) = house.created_invalidations()
    assert (created["caller_reference"], created["tenant_id"]) == (batch.caller_reference, batch.tenant.aws_id)
    assert house.view(PAGE, host=SOUTH).headers["X-Cache"] == "Hit from cloudfront"
    titles = Event.objects.filter(kind="invalidation.verified", api_slug="storefront").values_list("title", flat=True)
    assert list(titles) == ["Invalidation proven at the edge, storefront-north: /storefront/1 (new window)"]
