import stat

import pytest
from cryptography.fernet import Fernet

from edgeops.demo import keys


def test_a_second_run_finds_the_keys_of_the_first(tmp_path):
    first = keys.load_or_make(tmp_path / "demo.json")

    assert keys.load_or_make(tmp_path / "demo.json") == first
    assert Fernet(first.encryption_key)
    assert len(first.secret_key) >= 50


def test_two_demos_share_no_key(tmp_path):
    one, other = keys.load_or_make(tmp_path / "one.json"), keys.load_or_make(tmp_path / "other.json")

    assert {one.secret_key, one.encryption_key, one.password}.isdisjoint(
        {other.secret_key, other.encryption_key, other.password}
    )


def test_only_their_owner_may_read_them(tmp_path):
    keys.load_or_make(tmp_path / "demo.json")

    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret_key": "x"}'])
def test_a_broken_file_is_refused_saying_what_to_remove(tmp_path, content):
    (tmp_path / "demo.json").write_text(content)

    with pytest.raises(keys.KeysError, match="start anew"):
        keys.load_or_make(tmp_path / "demo.json")
