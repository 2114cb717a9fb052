"""The settings of the tests: test mode, and an environment in which nothing can reach a real AWS account."""

import os

os.environ["EDGEOPS_MODE"] = "test"
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# A test that reaches for AWS without saying where must fail fast, not wait.
os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

from edgeops.settings import *  # noqa: F403  (needs the environment above)
