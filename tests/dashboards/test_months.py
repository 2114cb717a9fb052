from datetime import UTC, datetime

import pytest

from dashboards import months

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def test_a_month_is_named_as_an_address_and_as_a_person_would():
    month = months.parse("2026-02", NOW)

    assert (month.name, month.title) == ("2026-02", "February 2026")
    assert (month.begin, month.end) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert not month.is_current


def test_no_month_asked_for_is_the_current_one():
    month = months.parse("", NOW)

    assert month.is_current
    assert not month.problem
    assert month.end == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["november", "2026", "2026-13", "2026-00", "0000-01", "2026-11-22", "<b>", "\0", "-1-1", "9" * 500]
)
def test_a_month_that_cannot_be_read_is_said_and_the_current_one_shown(text):
    month = months.parse(text, NOW)

    assert month.is_current
    assert "is no month; write it like 2026-11" in month.problem
    assert len(month.problem) < 100


@pytest.mark.parametrize("text", ["2026-12", "9999-12"])
def test_a_month_to_come_has_cost_nothing_yet(text):
    assert "Nothing is spent yet in December" in months.parse(text, NOW).problem
    assert months.parse(text, NOW).is_current


def test_the_months_on_offer_go_back_to_the_first_that_has_anything():
    first = datetime(2025, 12, 31, 23, tzinfo=UTC)

    assert [month.name for month in months.back_to(first, NOW)][:2] == ["2026-11", "2026-10"]
    assert [month.name for month in months.back_to(first, NOW)][-1] == "2025-12"
    assert [month.name for month in months.back_to(datetime(2026, 11, 1, tzinfo=UTC), NOW)] == ["2026-11"]
    assert [month.name for month in months.back_to(None, NOW)] == ["2026-11"]
