"""What the demo reads from the environment, and the environment it gives its children."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeops.demo import ports
from edgeops.demo.keys import Keys

ROOT = Path(__file__).resolve().parents[2]
# Whatever could lead boto3 to a real account, its keys or its endpoints.
AWS_SOURCES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_CA_BUNDLE",
)


@dataclass(frozen=True)
class Options:
    """The demo's choices: given by the environment or defaulted."""

    state_dir: Path
    web_port: int
    local_aws_port: int
    edge_port: int
    smtp_port: int
    inbox_port: int
    redis_url: str
    aws_endpoint_url: str
    password: str

    @property
    def base_url(self) -> str:
        """Where people open EdgeOps."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def has_local_aws(self) -> bool:
        """Whether local AWS is ours to run; an AWS_ENDPOINT_URL that is already set replaces it."""
        return not self.aws_endpoint_url

    @property
    def wanted_ports(self) -> dict[ports.Port, int]:
        """Every port the demo is going to listen on."""
        wanted = {ports.WEB: self.web_port, ports.SMTP: self.smtp_port, ports.INBOX: self.inbox_port}
        if self.has_local_aws:
            wanted |= {ports.LOCAL_AWS: self.local_aws_port, ports.EDGE: self.edge_port}
        return wanted


def inherited() -> dict[str, str]:
    """The environment this process was started with."""
    return dict(os.environ)


def read(environment: Mapping[str, str]) -> Options:
    """Read the demo's options; raises PortError when a port is not one."""
    return Options(
        state_dir=Path(environment.get("EDGEOPS_STATE_DIR") or ROOT / ".edgeops").resolve(),
        web_port=ports.read(ports.WEB, environment),
        local_aws_port=ports.read(ports.LOCAL_AWS, environment),
        edge_port=ports.read(ports.EDGE, environment),
        smtp_port=ports.read(ports.SMTP, environment),
        inbox_port=ports.read(ports.INBOX, environment),
        redis_url=environment.get("REDIS_URL", ""),
        aws_endpoint_url=environment.get("AWS_ENDPOINT_URL", ""),
        password=environment.get("EDGEOPS_DEMO_PASSWORD", ""),
    )


def for_children(options: Options, keys: Keys, redis_url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of every child: demo mode, no road to a real AWS account, every port and key stated."""
    child = {name: value for name, value in environment.items() if name not in AWS_SOURCES}
    child |= without_real_aws(child)
    child |= {
        "EDGEOPS_MODE": "demo",
        "EDGEOPS_STATE_DIR": str(options.state_dir),
        "EDGEOPS_SECRET_KEY": environment.get("EDGEOPS_SECRET_KEY") or keys.secret_key,
        "EDGEOPS_ENCRYPTION_KEYS": environment.get("EDGEOPS_ENCRYPTION_KEYS") or keys.encryption_key,
        "EDGEOPS_DEMO_PASSWORD": options.password or keys.password,
        "EDGEOPS_BASE_URL": environment.get("EDGEOPS_BASE_URL") or options.base_url,
        "EDGEOPS_EMAIL_URL": f"smtp://127.0.0.1:{options.smtp_port}",
        "EDGEOPS_OUTBOUND_ALLOW": "127.0.0.0/8",
        "EDGEOPS_PORT": str(options.web_port),
        "EDGEOPS_LOCALAWS_PORT": str(options.local_aws_port),
        "EDGEOPS_EDGE_PORT": str(options.edge_port),
        "EDGEOPS_SMTP_PORT": str(options.smtp_port),
        "EDGEOPS_INBOX_PORT": str(options.inbox_port),
        "REDIS_URL": redis_url,
        "AWS_ENDPOINT_URL": options.aws_endpoint_url or f"http://127.0.0.1:{options.local_aws_port}",
        "PYTHONUNBUFFERED": "1",
    }
    return child


def without_real_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that leave boto3 nothing but dummy keys, and loopback outside any proxy."""
    exempt = ",".join(filter(None, [environment.get("NO_PROXY") or environment.get("no_proxy"), "127.0.0.1,localhost"]))
    return {
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": exempt,
        "no_proxy": exempt,
    }
