import pytest
from cryptography.fernet import Fernet

from edgeops import rotation, secrets
from edgeops.notifications.models import Channel
from edgeops.rotation import Column
from edgeops.secrets import UnreadableSecretError

pytestmark = pytest.mark.django_db
COLUMN = Column(Channel, "encrypted_secret", named_by=("name",))


@pytest.fixture(autouse=True)
def breaths(monkeypatch):
    taken = []
    monkeypatch.setattr(rotation.time, "sleep", taken.append)
    return taken


@pytest.fixture
def stored():
    """Seven secrets under the first key there is; the mail channel has none."""
    Channel.objects.create(name="mail", transport="email", address="a@example.com")
    for number in range(7):
        Channel.objects.create(
            name=f"hook {number}", transport="webhook", encrypted_secret=secrets.encrypt(f"{number}")
        )


@pytest.fixture
def new_key(stored, settings):
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    return new


def plain():
    rows = Channel.objects.exclude(encrypted_secret="").order_by("name")
    return [secrets.decrypt(row.encrypted_secret) for row in rows]


def counts(done):
    return done.renewed, done.current, done.unreadable


def test_what_an_older_key_encrypted_is_read_with_the_first_alone(new_key, settings):
    assert counts(rotation.rotate(COLUMN)) == (7, 0, [])
    settings.ENCRYPTION_KEYS = [new_key]
    assert plain() == [*"0123456"]
    assert Channel.objects.get(name="mail").encrypted_secret == ""


def test_what_the_first_key_encrypted_is_not_written_again(new_key):
    rotation.rotate(COLUMN)
    before = list(Channel.objects.values_list("encrypted_secret", flat=True))
    assert counts(rotation.rotate(COLUMN)) == (0, 7, [])
    assert list(Channel.objects.values_list("encrypted_secret", flat=True)) == before


@pytest.mark.parametrize(("rows", "characters", "pieces"), [(100, 10_000, 1), (3, 10_000, 3), (100, 1, 7)])
def test_no_transaction_writes_more_than_a_piece_and_others_get_in_after_each(
    new_key, monkeypatch, breaths, rows, characters, pieces
):
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", rows)
    monkeypatch.setattr(rotation, "CHARACTERS_AT_ONCE", characters)
    assert rotation.rotate(COLUMN).renewed == 7
    assert len(breaths) == pieces


@pytest.mark.parametrize("survived", range(7))
def test_whoever_is_interrupted_goes_on_where_it_was(new_key, settings, monkeypatch, survived):
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 2)
    renew, left = secrets.renew, iter(range(survived))

    def until_killed(text):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return renew(text)

    monkeypatch.setattr(secrets, "renew", until_killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(COLUMN)
    assert plain() == [*"0123456"]

    monkeypatch.setattr(secrets, "renew", renew)
    done = rotation.rotate(COLUMN)
    assert (done.renewed, done.current) == (7 - survived // 2 * 2, survived // 2 * 2)
    settings.ENCRYPTION_KEYS = [new_key]
    assert plain() == [*"0123456"]


def meanwhile(monkeypatch, what):
    """Something that happens between the reading of the first value and its writing."""
    renew, pending = secrets.renew, [what]

    def renewed(text):
        found = renew(text)
        while pending:
            pending.pop()()
        return found

    monkeypatch.setattr(secrets, "renew", renewed)


def test_what_somebody_saves_meanwhile_is_not_overwritten_and_is_encrypted_anew_too(new_key, settings, monkeypatch):
    old = Fernet(settings.ENCRYPTION_KEYS[1])  # of a web process that has not been restarted
    saved = old.encrypt(b"saved").decode()
    meanwhile(monkeypatch, lambda: Channel.objects.filter(name="hook 0").update(encrypted_secret=saved))
    assert counts(rotation.rotate(COLUMN)) == (7, 0, [])
    settings.ENCRYPTION_KEYS = [new_key]
    assert plain() == ["saved", *"123456"]


@pytest.mark.parametrize("gone", [lambda row: row.delete(), lambda row: row.update(encrypted_secret="")])
def test_what_is_deleted_meanwhile_stays_deleted(new_key, monkeypatch, gone):
    meanwhile(monkeypatch, lambda: gone(Channel.objects.filter(name="hook 0")))
    assert counts(rotation.rotate(COLUMN)) == (6, 0, [])
    assert plain() == [*"123456"]


def test_what_no_key_reads_stays_as_it_is_and_is_named(new_key):
    Channel.objects.filter(name="hook 3").update(encrypted_secret="gAAAAAunreadable")
    done = rotation.rotate(COLUMN)
    assert counts(done) == (6, 0, ["channel hook 3"])
    assert Channel.objects.get(name="hook 3").encrypted_secret == "gAAAAAunreadable"


def test_with_a_wrong_key_nothing_is_written(stored, settings):
    before, right = list(Channel.objects.values_list("encrypted_secret", flat=True)), settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert len(rotation.rotate(COLUMN).unreadable) == 7
    with pytest.raises(UnreadableSecretError):
        plain()
    settings.ENCRYPTION_KEYS = right
    assert list(Channel.objects.values_list("encrypted_secret", flat=True)) == before
    assert plain() == [*"0123456"]


def test_rows_nobody_has_named_are_told_by_their_id(stored):
    assert Column(Channel, "encrypted_secret").called(7, []) == "channel 7"
