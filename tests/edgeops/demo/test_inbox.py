from edgeops.demo import inbox
from edgeops.demo.inbox import Message


def message(minute, body="hello"):
    at = f"2026-11-22T12:{minute:02d}:00.000001+00:00"
    return Message(
        kind="email", received_at=at, headers=(("Subject", "A"), ("X-A", "1"), ("X-A", "2")), body=body, target=""
    )


def test_messages_are_read_back_as_kept_newest_first(tmp_path):
    for minute in (1, 3, 2):
        inbox.keep(tmp_path, message(minute))

    assert inbox.newest(tmp_path) == [message(3), message(2), message(1)]


def test_an_inbox_nobody_wrote_to_is_empty(tmp_path):
    assert inbox.newest(tmp_path / "absent") == []


def test_the_oldest_go_when_the_inbox_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(inbox, "KEPT_MESSAGES", 2)
    for minute in (1, 2, 3):
        inbox.keep(tmp_path, message(minute))

    assert [kept.at.minute for kept in inbox.newest(tmp_path)] == [3, 2]


def test_two_messages_of_one_instant_are_both_kept(tmp_path):
    inbox.keep(tmp_path, message(1, "one"))
    inbox.keep(tmp_path, message(1, "two"))

    assert {kept.body for kept in inbox.newest(tmp_path)} == {"one", "two"}


def test_a_message_half_written_is_not_seen(tmp_path):
    (tmp_path / "2026.json.new").write_text('{"kind": "em')

    assert inbox.newest(tmp_path) == []


def test_a_header_is_found_whatever_its_case():
    assert message(1).header("x-a") == "1"
    assert message(1).header("absent") == ""
