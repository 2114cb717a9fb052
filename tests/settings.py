"""The settings of the tests: test mode, and an environment in which nothing can reach a real AWS account."""

import atexit
import os
import shutil
import tempfile

os.environ["EDGEOPS_MODE"] = "test"
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# A test that reaches for AWS without saying where must fail fast, not wait.
os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
# Never the state of somebody's demo.
os.environ["EDGEOPS_STATE_DIR"] = tempfile.mkdtemp(prefix="edgeops-tests-")

from edgeops.settings import *  # noqa: F403  (needs the environment above)
from edgeops.settings import DATABASES, IS_SQLITE, STATE_DIR

atexit.register(shutil.rmtree, STATE_DIR, ignore_errors=True)

if IS_SQLITE:
    # A file and not memory: as the product runs, and so that the processes of a flow share it with the test.
    DATABASES["default"]["TEST"] = {"NAME": str(STATE_DIR / "tests.sqlite3")}
