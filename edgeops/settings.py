"""Every setting, by section; the only module that reads the environment."""

import ipaddress
import os
import re
import secrets as stdlib_secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from pythonjsonlogger.core import RESERVED_ATTRS

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def use_as_django_settings() -> None:
    """Name this module to Django, for every entry point (manage.py, WSGI, Celery)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edgeops.settings")


# --- Mode -------------------------------------------------------------------------------------
MODES = ("production", "demo", "test")
EDGEOPS_MODE: str = env.str("EDGEOPS_MODE", "production")
if EDGEOPS_MODE not in MODES:
    raise ImproperlyConfigured(f"EDGEOPS_MODE is {EDGEOPS_MODE!r}; use one of {', '.join(MODES)}.")
IS_PRODUCTION = EDGEOPS_MODE == "production"
IS_DEMO = EDGEOPS_MODE == "demo"
DEBUG: bool = env.bool("EDGEOPS_DEBUG", False)
STATE_DIR = Path(env.str("EDGEOPS_STATE_DIR", str(BASE_DIR / ".edgeops")))

# --- Keys and hosts ---------------------------------------------------------------------------
# Outside production a missing key is made up for the life of the process; production refuses to boot.
SECRET_KEY: str = env.str("EDGEOPS_SECRET_KEY", "")
ENCRYPTION_KEYS: list[str] = env.list("EDGEOPS_ENCRYPTION_KEYS", default=[])
ALLOWED_HOSTS: list[str] = env.list("EDGEOPS_ALLOWED_HOSTS", default=[])
BASE_URL: str = env.str("EDGEOPS_BASE_URL", "").rstrip("/")
if not IS_PRODUCTION:
    SECRET_KEY = SECRET_KEY or stdlib_secrets.token_urlsafe(48)
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "testserver"]
    BASE_URL = BASE_URL or "http://127.0.0.1:8000"
if EDGEOPS_MODE == "test":
    # A fixed key, so that the processes of one test can read what another has encrypted.
    ENCRYPTION_KEYS = ENCRYPTION_KEYS or ["dGVzdC1vbmx5LWtleS1uZXZlci1pbi1wcm9kdWN0aW8="]


def refuse_unsafe_production() -> None:
    """Raise ImproperlyConfigured, naming the setting, when production would start unsafe.

    Django only warns of most of these (security.W009, W018, W020); a warning in a log is not read.
    """
    if DEBUG:
        raise ImproperlyConfigured(
            "EDGEOPS_DEBUG is on in production: it shows settings and code to visitors. Unset it."
        )
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure"):
        raise ImproperlyConfigured(
            "EDGEOPS_SECRET_KEY is missing, shorter than 50 characters or a default. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(64))"'
        )
    if not ALLOWED_HOSTS or any("*" in host for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured(
            "EDGEOPS_ALLOWED_HOSTS must name the host names EdgeOps is reached by, comma-separated, without '*'."
        )
    if not ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "EDGEOPS_ENCRYPTION_KEYS is missing: secrets could not be stored encrypted. Make one with: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    if not BASE_URL.startswith("https://"):
        raise ImproperlyConfigured("EDGEOPS_BASE_URL must be the https:// address people open EdgeOps at.")


if IS_PRODUCTION:
    refuse_unsafe_production()
for key in ENCRYPTION_KEYS:
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
        raise ImproperlyConfigured(
            "EDGEOPS_ENCRYPTION_KEYS holds a key that is not 32 bytes in URL-safe base64 (Fernet)."
        )

# --- Applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "edgeops.access",
    "edgeops.pulse",
    "edgeops.timeline",
    "edgeops.estate",
    "edgeops.metrics",
    "edgeops.discovery",
    "edgeops.traces",
    "edgeops.alarms",
    "edgeops.notifications",
    "edgeops.invalidations",
    "edgeops.webhooks",
    "edgeops.keyring",
    "edgeops.demo",
    "dashboards",
    "tasks",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboards.request_log.RequestLogMiddleware",
    "dashboards.refusals.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Every view is closed unless it says otherwise: first to strangers, then to people without the role.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "dashboards.permissions.RoleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "edgeops.urls"
WSGI_APPLICATION = "edgeops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.pages.frame",
            ],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------
# For this user alone: the database holds sessions, and whoever reads one is signed in.
STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
DATABASES: dict[str, dict[str, Any]] = {"default": env.db("DATABASE_URL", f"sqlite:///{STATE_DIR / 'edgeops.sqlite3'}")}
IS_SQLITE = "sqlite" in DATABASES["default"]["ENGINE"]
DATABASES["default"]["CONN_MAX_AGE"] = 300  # opening SQLite anew for each request and task costs a few queries' time
if IS_SQLITE:
    # IMMEDIATE: a writer waits for its turn at BEGIN instead of failing half-way. FULL: WAL with NORMAL may lose the
    # last commits in a power cut, and a committed row is a promise here.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        "-c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"
    )

# --- Redis and Celery -------------------------------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
# Sign-in throttling needs a cache that all web processes share; in the database it outlives a Redis that is down.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "throttle_cache"}}

# --- Sign-in ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "dashboards.sign_in.ClosedAccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("EDGEOPS_TRUSTED_PROXIES", 0)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if EDGEOPS_MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# --- Browser-facing security ------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "dashboards.views.errors.forgery_refused"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-edgeops", "__Host-csrf"
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Health probes come from inside, without TLS; a redirected post would become a GET, so its view refuses it.
    SECURE_REDIRECT_EXEMPT = [r"^healthz/", r"^hooks/v1/"]
    CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Language, time, static files -------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("EDGEOPS_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
if IS_PRODUCTION:
    STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
# In the demo a changed style shows at once; WhiteNoise would otherwise serve it cut to its old length.
WHITENOISE_AUTOREFRESH = not IS_PRODUCTION

# --- Mail -------------------------------------------------------------------------------------
EMAIL_TIMEOUT_SECONDS = 10
_email_url = env.str("EDGEOPS_EMAIL_URL", "")
# A mail printed to a console reached nobody: in production it must not count as delivered.
HAS_MAIL_SERVER = bool(_email_url) or not IS_PRODUCTION
_email = env.email_url_config(_email_url or "consolemail://")
MAILERS = {
    "default": {
        "BACKEND": _email["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": _email["EMAIL_HOST"],
            "port": _email["EMAIL_PORT"],
            "username": _email["EMAIL_HOST_USER"],
            "password": _email["EMAIL_HOST_PASSWORD"],
            "use_tls": _email.get("EMAIL_USE_TLS", False),
            "use_ssl": _email.get("EMAIL_USE_SSL", False),
            "timeout": EMAIL_TIMEOUT_SECONDS,
        }
        if "smtp" in _email["EMAIL_BACKEND"]
        else {},
    }
}
DEFAULT_FROM_EMAIL: str = env.str("EDGEOPS_FROM_EMAIL", "EdgeOps <edgeops@localhost>")

# --- Outgoing HTTP ----------------------------------------------------------------------------
OUTBOUND_ALLOW = [ipaddress.ip_network(cidr) for cidr in env.list("EDGEOPS_OUTBOUND_ALLOW", default=[])]

# --- Demo -------------------------------------------------------------------------------------
PORT: int = env.int("EDGEOPS_PORT", 8000)
LOCALAWS_PORT: int = env.int("EDGEOPS_LOCALAWS_PORT", 4566)
EDGE_PORT: int = env.int("EDGEOPS_EDGE_PORT", 9000)
SMTP_PORT: int = env.int("EDGEOPS_SMTP_PORT", 8025)
INBOX_PORT: int = env.int("EDGEOPS_INBOX_PORT", 8026)
DEMO_PASSWORD: str = env.str("EDGEOPS_DEMO_PASSWORD", "")

# --- Logs -------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("EDGEOPS_LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            # Django adds the request to what went wrong with it, with its query, which may hold what a person or a
            # sender put there; the path is in the message.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "botocore": {"level": "WARNING"},
        # Each run of a task is one line of ours (edgeops.task); Celery would add three.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
