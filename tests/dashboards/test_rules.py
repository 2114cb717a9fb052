import json
import re

import pytest

from edgeops.access.models import Audit
from edgeops.invalidations.models import Policy
from edgeops.webhooks import rules
from edgeops.webhooks.models import Rule
from tests.fixtures.webhooks import event, receive

RULE = {
    "name": "prices",
    "when": "body.type == 'price.updated'",
    "select": "body.data",
    "items": "/prices/{id}\r\n#price:{id:tag}\r\n",
    "optional": "/prices/{old_id}",
    "ceiling": "/prices/*",
    "max_items": "10",
    "not_before_seconds": "2",
    "unwrap": "",
}
BODY = json.dumps({"type": "price.updated", "data": [{"id": "a b"}, {"id": "<i>", "old_id": 7}]})


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def new(endpoint):
    return f"/cache/webhooks/{endpoint.pk}/rules/new/"


@pytest.fixture
def rule(endpoint):
    return endpoint.rules.get()


def test_a_rule_is_tried_on_a_pasted_event_before_it_is_saved(client, ada, endpoint, new):
    client.force_login(ada)
    page = text(client.post(new, RULE | {"try": "1", "body": BODY, "headers": "X-Shop: acme"}))
    for item in ("/prices/a%20b", "/prices/%3Ci%3E", "/prices/7"):
        assert f"<li>{item}</li>" in page
    assert "Selected 2 objects" in page
    assert 'value="prices"' in page
    assert endpoint.rules.count() == 1


def test_trying_tells_what_it_would_cost(client, ada, new):
    client.force_login(ada)
    page = text(client.post(new, RULE | {"items": "/prices/{id}", "try": "1", "body": BODY}))
    assert "3 items, $0" in page
    assert "1,000 of the month&#x27;s free ones" in page or "1,000 of the month's free ones" in page


def test_trying_tells_the_cost_within_the_ceiling_of_the_rule(client, ada, new, endpoint):
    Policy.objects.create(distribution=endpoint.distribution, ceilings=["/prices/*"], collapse_threshold=2)
    body = json.dumps({"type": "price.updated", "data": [{"id": number} for number in range(3)]})
    wish = RULE | {"items": "/prices/p-{id}", "optional": "", "try": "1", "body": body}
    client.force_login(ada)
    assert "1 item, $0" in text(client.post(new, wish | {"ceiling": "/prices/*"}))
    assert "3 items, $0" in text(client.post(new, wish | {"ceiling": "/prices/p-*"}))


def test_a_rule_is_tried_on_a_stored_delivery(client, ada, endpoint, new, now):
    delivery = receive(endpoint, event("price.updated", id=7), at=now).delivery
    client.force_login(ada)
    assert f'<option value="{delivery.pk}" selected>' in text(client.get(new, {"delivery": delivery.pk}))
    page = text(client.post(new, RULE | {"try": "1", "delivery": delivery.pk}))
    assert "<li>/prices/7</li>" in page
    page = text(client.post(new, RULE | {"try": "1", "delivery": delivery.pk, "when": "body.type == 'x'"}))
    assert "Nothing is invalidated." in page


@pytest.mark.parametrize("text_of", [r"\ud800", r"\u0000", r"\u202e", r"../x\ud800"])
def test_an_event_of_text_that_cannot_be_written_is_tried_and_shown(client, ada, new, text_of):
    client.force_login(ada)
    body = json.dumps({"type": "price.updated", "data": [{"id": "?"}, {"id": 7}]}).replace("?", text_of)
    response = client.post(new, RULE | {"try": "1", "body": body})
    assert response.status_code == 200
    assert "<li>/prices/7</li>" in text(response)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"body": ""}, "Choose a delivery, or paste a body."),
        ({"body": "{"}, "not JSON"),
        ({"body": "[" * 100_000}, "nested too deeply"),
        ({"delivery": "999999"}, "available choices"),
        ({"delivery": "x' OR 1"}, "available choices"),
    ],
)
def test_an_event_that_cannot_be_read_is_said(client, ada, new, changes, problem):
    client.force_login(ada)
    assert problem in text(client.post(new, RULE | {"try": "1", "body": BODY} | changes))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"when": "body.["}, "when"),
        ({"items": ""}, "Name at least one item"),
        ({"items": "/*"}, "never invalidates"),
        ({"ceiling": "/other/*"}, "ceiling"),
        ({"ceiling": ""}, "so it needs one"),
        ({"max_items": "0"}, "From 1 to 3,000"),
        ({"not_before_seconds": "99999"}, "up to 3,600 s"),
        ({"name": "product changed"}, "There is a rule product changed already"),
        ({"name": ""}, "required"),
        ({"select": "x" * 1_001}, "at most 1000 characters"),
    ],
)
def test_a_rule_that_cannot_work_is_not_saved(client, ada, endpoint, new, changes, problem):
    client.force_login(ada)
    page = text(client.post(new, RULE | changes))
    assert "cannot be saved so" in page
    assert problem in page
    assert endpoint.rules.count() == 1


def test_each_save_is_a_version_and_an_earlier_one_can_be_started_from(client, ada, vera, endpoint, new, rule):
    client.force_login(ada)
    assert "prices is at version 1" in text(client.post(new, RULE, follow=True))
    made = endpoint.rules.get(name="prices")
    url = f"/cache/webhooks/rules/{made.pk}/"
    assert "at version 2" in text(client.post(url + "edit/", RULE | {"not_before_seconds": "9"}, follow=True))
    assert "at version 2" in text(client.post(url + "edit/", RULE | {"not_before_seconds": "9"}, follow=True))
    assert 'name="not_before_seconds" value="9"' in text(client.get(url + "edit/"))
    assert 'name="not_before_seconds" value="2"' in text(client.get(url + "edit/", {"version": "1"}))
    assert client.get(url + "edit/", {"version": "nonsense"}).status_code == 200
    assert f'href="{url}"' in text(client.get("/audit/"))
    client.force_login(vera)
    page = text(client.get(url))
    assert "As it is, version 2" in page
    assert "Version 1," in page
    assert "Edit and try" not in page


def test_a_rule_is_switched_off_and_deleted(client, ada, rule):
    client.force_login(ada)
    url = f"/cache/webhooks/rules/{rule.pk}/"
    client.post(url + "switch/", {"enabled": "no"})
    assert rules.running(rule.endpoint) == []
    assert "(off)" in text(client.get(f"/cache/webhooks/{rule.endpoint_id}/"))
    client.post(url + "switch/", {"enabled": "yes"})
    assert "<summary>Delete this rule</summary>" in text(client.get(url))
    assert "runs no more" in text(client.post(url + "delete/", follow=True))
    assert not Rule.objects.existing().exists()
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("path", ["edit/", "switch/", "delete/"])
def test_an_operator_changes_no_rule(client, otto, rule, new, path):
    client.force_login(otto)
    assert client.post(f"/cache/webhooks/rules/{rule.pk}/{path}", RULE).status_code == 403
    assert client.post(new, RULE).status_code == 403
    assert Rule.objects.existing().get().is_enabled
    assert Audit.objects.filter(actor="otto").count() == 0
