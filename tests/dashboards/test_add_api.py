from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState

LISTING = "/apis/new/in/demo/"


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """What is handed to the workers; no broker runs in these tests."""
    sent = []
    monkeypatch.setattr("dashboards.discoveries.publish", lambda task, pk: sent.append((task.name, pk)))
    return sent


@pytest.fixture
def as_otto(client, otto):
    client.force_login(otto)
    return client


def listed(number, **changes):
    return {
        "id": f"E{number:09}",
        "domain": f"d{number}.cloudfront.net",
        "aliases": [],
        "name": f"site {number:05}",
        "enabled": True,
        "tags": {},
        **changes,
    }


def ask(account, kind=DiscoveryKind.DISTRIBUTIONS, **changes):
    now = timezone.now()
    return Discovery.objects.create(
        account=account, kind=kind, **{"requested_by": "otto", "requested_at": now, "next_at": now, **changes}
    )


def answered(account, *distributions, **changes):
    held = {"state": FetchState.DONE, "next_at": None, "finished_at": timezone.now()}
    return ask(account, **{**held, "result": {"distributions": list(distributions)}, **changes})


SHOP = listed(1, name="Shop front", aliases=["shop.example.test"], tags={"team": "shop", "env": "production"})
MEDIA = listed(2, name="Media", enabled=False, tags={"team": "media"})


def test_without_an_account_one_is_told_what_comes_first(as_otto):
    page = as_otto.get("/apis/new/").text
    assert "No AWS account yet" in page
    assert "An admin adds it" in page


def test_an_account_is_listed_first_and_chosen_from_then(as_otto, account):
    assert "List those of demo" in as_otto.get("/apis/new/").text
    answered(account, SHOP)
    page = as_otto.get("/apis/new/").text
    assert f'href="{LISTING}"' in page
    assert "not listed yet" not in page


def test_listing_is_handed_to_a_worker_and_the_page_waits_for_it(as_otto, account, published):
    assert "Not listed yet" in as_otto.get(LISTING).text
    assert as_otto.post(f"{LISTING}list/")["Location"] == LISTING

    asked = Discovery.objects.get()
    assert (asked.kind, asked.subject, asked.requested_by) == (DiscoveryKind.DISTRIBUTIONS, "", "otto")
    assert published == [("tasks.discovering.run_discovery", asked.pk)]
    page = as_otto.get(LISTING).text
    assert "A worker asks AWS for its distributions" in page
    assert 'data-refresh-seconds="2"' in page
    assert f'<a href="{LISTING}">look now</a>' in page


def test_listing_twice_while_a_worker_is_at_it_is_listing_once(as_otto, account):
    as_otto.post(f"{LISTING}list/")
    as_otto.post(f"{LISTING}list/")
    assert Discovery.objects.count() == 1


def test_what_was_listed_is_shown_with_its_age_and_not_refreshed(as_otto, account):
    answered(account, SHOP, MEDIA, finished_at=timezone.now() - timedelta(minutes=7))
    page = as_otto.get(LISTING).text
    for words in ("Shop front", "shop.example.test", "team=shop", "Disabled", "7 min ago", "2 distributions"):
        assert words in page
    assert "data-refresh-seconds" not in page


def test_the_old_list_stays_while_a_new_one_is_fetched_or_has_failed(as_otto, account):
    answered(account, SHOP, requested_at=timezone.now() - timedelta(hours=1))
    again = ask(account)
    waiting = as_otto.get(LISTING).text
    Discovery.objects.filter(pk=again.pk).update(
        state=FetchState.FAILED, next_at=None, last_error="Allow the IAM action cloudfront:ListDistributions."
    )
    failed = as_otto.get(LISTING).text

    assert "A worker asks AWS" in waiting
    assert "Allow the IAM action cloudfront:ListDistributions." in failed
    assert "data-refresh-seconds" not in failed
    assert all("Shop front" in page for page in (waiting, failed))


def test_a_retry_says_what_went_wrong_so_far(as_otto, account):
    ask(account, state=FetchState.RETRY, last_error="AWS did not answer.")
    assert "AWS did not answer." in as_otto.get(LISTING).text


@pytest.mark.parametrize(
    "text", ["shop", "SHOP front", "E000000001", "d1.cloudfront", "shop.example", "team=shop", "env=prod shop"]
)
def test_a_distribution_is_found_by_name_id_domain_alias_and_tag(as_otto, account, text):
    answered(account, SHOP, MEDIA)
    page = as_otto.get(LISTING, {"q": text}).text
    assert "E000000001" in page
    assert "E000000002" not in page
    assert "1 of 2" in page


@pytest.mark.parametrize(("tag", "found"), [("team=shop", True), ("team", True), ("team=sho", False), ("tea", False)])
def test_a_tag_is_meant_exactly(as_otto, account, tag, found):
    answered(account, SHOP, listed(3, tags={"owner": "team"}))
    page = as_otto.get(LISTING, {"tag": tag}).text
    assert ("E000000001" in page) == found
    assert "E000000003" not in page
    assert '<option value="team=shop">' in page


def test_nothing_found_says_what_was_searched(as_otto, account):
    answered(account, SHOP)
    page = as_otto.get(LISTING, {"q": "<nothing>", "tag": "team=x"}).text
    assert "None of the 1 has “&lt;nothing&gt;” in its name" in page
    assert "and the tag team=x" in page


def test_tags_that_could_not_be_read_are_said(as_otto, account):
    answered(
        account, SHOP, problems=[{"what": "tags", "action": "tag:GetResources", "message": "Allow tag:GetResources."}]
    )
    assert "Allow tag:GetResources." in as_otto.get(LISTING).text


def test_an_account_without_distributions_says_so(as_otto, account):
    answered(account)
    assert "CloudFront has none in this account" in as_otto.get(LISTING).text


def test_a_distribution_already_operated_says_as_what(as_otto, api):
    answered(api.account, listed(1, id="E1PRODUCTSDEMO"), MEDIA)
    page = as_otto.get(LISTING).text
    assert page.count('href="/apis/products/">Products API</a>') == 2  # in the rail and in its row


def test_ten_thousand_distributions_are_shown_fifty_at_a_time(as_otto, account, django_assert_max_num_queries):
    answered(account, *(listed(number, tags={"team": f"t{number % 7}"}) for number in range(10_000)))
    with django_assert_max_num_queries(10):
        page = as_otto.get(LISTING, {"page": "2"}).text
    assert page.count(">Look at its path<") == 50
    assert "site 00050" in page
    assert "Page 2 of 200" in page
    last = as_otto.get(LISTING, {"q": "team=t3 0999"}).text  # sites 09992 and 09999
    assert last.count(">Look at its path<") == 2


def test_a_page_that_is_not_there_is_the_nearest(as_otto, account):
    answered(account, SHOP)
    for page in ("0", "99", "x"):
        assert "Shop front" in as_otto.get(LISTING, {"page": page}).text


def test_a_refresh_with_nothing_new_is_a_304(as_otto, account):
    answered(account, SHOP)
    first = as_otto.get(LISTING, headers={"HX-Request": "true"})
    again = as_otto.get(LISTING, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert "<html" not in first.text


def test_looking_at_a_path_is_handed_to_a_worker_once(as_otto, account, published):
    first = as_otto.post(f"{LISTING}pick/", {"distribution": "E7PAYMENTSDEMO"})
    second = as_otto.post(f"{LISTING}pick/", {"distribution": "E7PAYMENTSDEMO"})

    asked = Discovery.objects.get()
    assert (asked.kind, asked.subject, asked.api) == (DiscoveryKind.PATH, "E7PAYMENTSDEMO", None)
    assert first["Location"] == second["Location"] == f"/apis/new/path/{asked.pk}/"


@pytest.mark.parametrize("identity", ["", "products", "E1'; --", "E" * 41])
def test_what_is_no_id_of_a_distribution_is_refused_in_words(as_otto, account, identity):
    answer = as_otto.post(f"{LISTING}pick/", {"distribution": identity}, follow=True)
    assert "That is no id of a distribution" in answer.text
    assert not Discovery.objects.exists()


@pytest.mark.parametrize("path", ["", "list/", "pick/"])
def test_an_account_removed_meanwhile_is_not_there(as_otto, path):
    ask_ = as_otto.post if path else as_otto.get
    assert ask_(f"{LISTING}{path}").status_code == 404
