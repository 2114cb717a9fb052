import csv
from datetime import UTC, datetime

import pytest

from dashboards import sheets


def read(header, rows):
    return list(csv.reader(sheets.lines(header, rows)))


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\0x"])
def test_no_text_is_taken_for_a_formula(text):
    assert read(["name"], [[text]]) == [["name"], [f"'{text}"]]


def test_numbers_stay_numbers_and_missing_stays_empty():
    assert read(["a", "b", "c"], [[-1.5, 0, None]])[1] == ["-1.5", "0", ""]


def test_quotes_commas_and_line_ends_survive():
    assert read(["a", "b"], [['say "hi"', "one,\r\ntwo"]])[1] == ['say "hi"', "one,\r\ntwo"]


def test_a_moment_is_written_in_utc():
    assert read(["at"], [[datetime(2026, 11, 22, 12, tzinfo=UTC)]])[1] == ["2026-11-22T12:00:00Z"]


def test_rows_are_read_only_while_they_are_sent():
    asked = []

    def rows():
        for number in range(3):
            asked.append(number)
            yield [number]

    response = sheets.response("numbers", ["n"], rows())

    assert not asked
    assert b"".join(response.streaming_content) == b"n\r\n0\r\n1\r\n2\r\n"
    assert response["Content-Disposition"] == 'attachment; filename="numbers.csv"'
