"""Pages of a list that are found by key: each row once, whichever way one goes."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db.models import Q

from dashboards import paging
from edgeops.access.models import Audit

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SIZE = 3


@pytest.fixture
def rows(now):
    """Eleven, newest first; three are of one moment."""
    minutes = (0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8)
    made = [
        Audit(at=now + minute * MINUTE, actor="otto" if number % 4 else "ada", action="x.y", summary=str(number))
        for number, minute in enumerate(minutes)
    ]
    return Audit.objects.bulk_create(made)[::-1]


def page(*texts, **asked):
    return paging.read(
        Audit.objects.all(), {name: str(key) for name, key in asked.items()}, by="at", size=SIZE, texts=texts
    )


def walked(*texts, way="older", **asked):
    """All pages from one on."""
    pages = [page(*texts, **asked)]
    while (key := getattr(pages[-1], way)) is not None:
        pages.append(page(*texts, **{{"older": "before", "newer": "after"}[way]: key}))
    return pages


def test_older_pages_hold_every_row_once_in_order(rows):
    pages = walked()
    assert [row for one in pages for row in one.rows] == rows
    assert [len(one.rows) for one in pages] == [3, 3, 3, 2]
    assert pages[0].newer is None


def test_the_way_back_leads_over_the_same_rows_to_the_newest(rows):
    back = walked(way="newer", after=paging.Key(rows[-1].at, rows[-1].pk))
    assert [row.pk for row in back[0].rows] == [row.pk for row in rows[-4:-1]]
    seen = {row.pk for one in back for row in one.rows}
    assert seen == {row.pk for row in rows[:-1]}
    assert back[-1] == page()


def test_each_page_leads_to_its_neighbours_both_ways(rows):
    for newer, older in pairwise(walked()):
        assert page(after=older.newer).rows == newer.rows


def test_rows_that_come_meanwhile_move_no_page(rows, now):
    second = page(before=page().older)
    Audit.objects.create(at=now + 9 * MINUTE, actor="eve")
    assert page(before=page(before=second.newer).newer).rows != []
    assert page(before=paging.Key(rows[2].at, rows[2].pk)).rows == second.rows


def test_texts_are_looked_for_in_so_many_rows_a_page(rows, monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 4)
    ada = Q(actor="ada")
    pages = walked(ada)
    assert [[row.summary for row in one.rows] for one in pages] == [["8"], ["4"], ["0"]]
    assert [one.looked_to for one in pages] == [rows[3].at, rows[7].at, None]
    back = walked(ada, way="newer", after=paging.Key(rows[-1].at, rows[-1].pk))
    assert [[row.summary for row in one.rows] for one in back] == [["4"], ["8"], ["8"]]
    assert back[-1] == pages[0]


def test_where_a_page_is_full_before_that_it_looks_no_further(rows, monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 8)
    pages = walked(Q(actor="otto"))
    assert [[row.summary for row in one.rows] for one in pages] == [["10", "9", "7"], ["6", "5", "3"], ["2", "1"]]
    assert [one.looked_to for one in pages] == [None, None, None]


def test_a_page_where_nothing_is_found_leads_on_and_back(rows, monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 4)
    first = page(Q(actor="eve"))
    assert (first.rows, first.older) == ([], paging.Key(rows[3].at, rows[3].pk))
    second = page(Q(actor="eve"), before=first.older)
    assert (second.rows, second.newer) == ([], first.older)
    assert page(Q(actor="eve"), after=second.newer) == first


@pytest.mark.parametrize(
    "key",
    [
        "", "~", "nonsense", "2026-11-22~", "~7", "2026-11-22T12:00:00+00:00~x", "2026-13-01T00:00:00+00:00~7",
        "0001-01-01T00:00:00+14:00~7", "9999-12-31T23:59:59-14:00~7", "2026-11-22T12:00:00+00:00~7~7",
    ],
)  # fmt: skip
def test_what_is_no_key_leads_to_the_newest(rows, key):
    assert page(before=key) == page(after=key) == page()


@pytest.mark.parametrize("pk", ["9" * 40, "-1", "0"])
def test_a_row_that_cannot_be_leads_where_it_would_stand(rows, now, pk):
    assert [row.at for row in page(before=f"{(now + MINUTE).isoformat()}~{pk}").rows][-1] == now


def test_an_empty_list_is_one_empty_page(db):
    assert page() == paging.Page([], older=None)
    assert not page().has_neighbours
