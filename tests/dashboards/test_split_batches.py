from datetime import timedelta

import pytest

from tests.dashboards.batch_pages import page_of, rows, text
from tests.fixtures.invalidations import Picky

MINUTE = timedelta(minutes=1)


@pytest.fixture
def cloudfront():
    fake = Picky()
    fake.is_done = True
    return fake


def test_a_batch_that_was_too_large_is_shown_with_its_halves(
    client, vera, asked, run_until, cloudfront, unlimited, now
):
    request = asked(*(f"/{number}" for number in range(10)))
    cloudfront.largest = 6
    run_until(now + MINUTE)
    client.force_login(vera)
    page = text(client.get(page_of(request)))
    whole, first, second = rows(page)
    assert whole[:4] == ["Batch 1", "Split in two", "10", "10, not billed"]
    assert "BatchTooLarge" in whole[7]
    assert (first[0], second[0]) == ("Batch 2 from 1", "Batch 3 from 1")
    assert [row[1:5] for row in (first, second)] == [
        ["Verified", "5", "5, 5 billed", "I1"],
        ["Verified", "5", "5, 5 billed", "I2"],
    ]
    assert [row[5].startswith("1 ") for row in (whole, first, second)] == [True] * 3
    assert [row[6] for row in (whole, first, second)] == ["0", "5", "5"]
    assert "Batch 1 of 3: Not taken as a whole" in page
    assert "Batch 3, round 1" in page


def test_a_bad_item_is_named_first_with_the_batches_that_led_to_it(
    client, otto, asked, run_until, cloudfront, unlimited, now
):
    request = asked(*(f"/{number}" for number in range(8)), "/zbad")
    cloudfront.dislikes = {"/zbad"}
    run_until(now + MINUTE)
    client.force_login(otto)
    page = text(client.get(page_of(request)))
    found = rows(page)
    assert [row[1] for row in found].count("Failed") == 1
    assert [row[1] for row in found].count("Split in two") == 4
    assert all("InvalidArgument" in row[7] for row in found if row[1] in {"Failed", "Split in two"})
    parents = {row[0].split(" ")[1]: row[0].partition(" from ")[2] for row in found}
    assert [number for number, parent in parents.items() if not parent] == ["1"]
    assert "CloudFront refused 1 of 9 items: /zbad." in page
    assert page.index("refused: ") < page.index("as itself")
    assert "Sent to CloudFront: 4 of 5 batches" in page
    assert "Not sent: failed: 1." in page
    assert page.count(">Probe again</button>") == 4


def test_of_a_family_only_what_held_its_items_is_shown(client, vera, asked, run_until, cloudfront, unlimited, now):
    good, bad = asked("/1", "/2"), asked("/8", "/9")
    cloudfront.dislikes = {"/9"}
    run_until(now + MINUTE)
    client.force_login(vera)
    assert [row[1:3] for row in rows(text(client.get(page_of(good))))] == [["Split in two", "2"], ["Verified", "2"]]
    assert len(rows(text(client.get(page_of(bad))))) == 4
