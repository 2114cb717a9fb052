"""Run the benchmarks on the demo's estate in a database of its own; print the figures, write .edgeops/bench.json."""

import json
import os
import sys
from pathlib import Path

import django

RESULT = Path(".edgeops/bench.json")


def main() -> int:
    # The tests' settings bring a state directory that goes with the process.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "EDGEOPS_LOG_LEVEL": "ERROR"}
    django.setup()
    from tests.bench import figures, world  # noqa: PLC0415 (Django comes first)

    world.build()
    measured = figures.measure()
    RESULT.parent.mkdir(mode=0o700, exist_ok=True)
    RESULT.write_text(json.dumps({figure.name: figure.as_json() for figure in measured}, indent=2) + "\n")
    for figure in measured:
        print(figure)
    return 0 if all(figure.holds for figure in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
