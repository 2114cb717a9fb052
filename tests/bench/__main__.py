"""Run the benchmarks on the demo's estate in a database of its own; print the figures, write .edgeops/bench.json."""

import json
import os
import sys
import tempfile
from pathlib import Path

RESULT = Path(".edgeops/bench.json")


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        os.environ |= {"EDGEOPS_STATE_DIR": directory, "EDGEOPS_LOG_LEVEL": "ERROR"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django  # noqa: PLC0415 (the environment comes first)

        django.setup()
        from tests.bench import figures, world  # noqa: PLC0415 (Django comes first)

        world.build()
        measured = figures.measure()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({figure.name: figure.as_json() for figure in measured}, indent=2) + "\n")
    for figure in measured:
        print(figure)
    return 0 if all(figure.holds for figure in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
