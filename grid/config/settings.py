"""Django settings. All by environment; the defaults suit the demonstration, production refuses them."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from grid.config.chain_profiles import at_least, chain_profile

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

DEMO = env.bool("WATT_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("WATT_DATA", default=str(BASE_DIR / "var")))

_DEMO_SECRET = "demo-secret-for-a-machine-of-your-own-only-0000000000000000"
_DEMO_DATA_KEY = "00" * 32


def _secret(name: str, demo_value: str) -> str:
    """A secret from the environment; its demonstration value only in the demonstration."""
    value = env.str(name, default=demo_value if DEMO else "")
    if not value or (value == demo_value and not DEMO):
        raise ImproperlyConfigured(
            f"{name} is not set: give it a secret value of your own (.env.example tells how to make one), "
            "or set WATT_DEMO=1 for a demonstration."
        )
    return value


SECRET_KEY = _secret("SECRET_KEY", _DEMO_SECRET)
try:
    DATA_KEY = bytes.fromhex(_secret("DATA_KEY", _DEMO_DATA_KEY))
except ValueError:
    DATA_KEY = b""
if len(DATA_KEY) != 32:
    raise ImproperlyConfigured("DATA_KEY must be 64 hexadecimal digits (32 bytes).")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
LIVE_URL = env.str("LIVE_URL", default="/live/")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "grid.chain",
    "grid.accounts",
    "grid.records",
    "grid.metering",
    "grid.forecasts",
    "grid.pricing",
    "grid.market",
    "grid.sentinel",
    "grid.settlement",
    "grid.disputes",
    "grid.portal",
    "grid.operators",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "grid.config.urls"
WSGI_APPLICATION = "grid.config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "grid.accounts.pages.context.frame",
            ]
        },
    }
]

# PGHOST (a socket folder) completes a DATABASE_URL without a host: environ does not decode %2F paths.
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///commonwatt")}
# The role that web and workers log in as; the tables belong to another, that only migrations log in as.
DATABASE_APP_ROLE = DATABASES["default"]["USER"]
DATABASE_AS_OWNER = env.bool("WATT_AS_OWNER", default=False) and "DATABASE_OWNER_URL" in env
if DATABASE_AS_OWNER:
    DATABASES["default"] = env.db("DATABASE_OWNER_URL")
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# A month of a metering point may be erased when so many months have passed since its end.
RETENTION_MONTHS = at_least(0, "RETENTION_MONTHS", env.int, 36)

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# One address, or several with commas between: the first that answers truthfully is used.
CHAIN_URL = env.str("CHAIN_URL", default="http://127.0.0.1:8545")
# Needed with several addresses: which chain they must all be nodes of.
CHAIN_ID = env.int("CHAIN_ID", default=0)
CHAIN_KEYS_FILE = Path(env.str("CHAIN_KEYS_FILE", default=str(DATA_DIR / "chain-keys.json")))
CONTRACTS_FILE = Path(env.str("CONTRACTS_FILE", default=str(DATA_DIR / "contracts.json")))
_CHAIN = chain_profile(env.str("CHAIN_PROFILE", default="consortium"))
CHAIN_CONFIRMATIONS = at_least(1, "CHAIN_CONFIRMATIONS", env.int, _CHAIN.confirmations)
CHAIN_REORG_DEPTH = at_least(0, "CHAIN_REORG_DEPTH", env.int, _CHAIN.reorg_depth)
CHAIN_MAX_FEE_WEI = at_least(0, "CHAIN_MAX_FEE_WEI", env.int, _CHAIN.max_fee_wei)
CHAIN_BUMP_SECONDS = at_least(1, "CHAIN_BUMP_SECONDS", env.int, _CHAIN.bump_seconds)
CHAIN_STALE_SECONDS = at_least(0, "CHAIN_STALE_SECONDS", env.int, _CHAIN.stale_seconds)
CHAIN_LAG_BLOCKS = at_least(1, "CHAIN_LAG_BLOCKS", env.int, _CHAIN.lag_blocks)
# The most gas one transaction may have (EIP-7825).
CHAIN_GAS_LIMIT = at_least(21_000, "CHAIN_GAS_LIMIT", env.int, 16_777_216)
# A remote signer of the web3signer kind, for senders that have an address and no key here.
CHAIN_SIGNER_URL = env.str("CHAIN_SIGNER_URL", default="")
# A development chain takes its time from the platform's clock; a real chain has its own.
CHAIN_FOLLOWS_CLOCK = env.bool("CHAIN_FOLLOWS_CLOCK", default=False)
MQTT_URL = env.str("MQTT_URL", default="")
# What one meter and one address may send; 0 is no limit. A head-end that speaks for many meters needs more.
INGEST_METER_RECORDS_PER_MINUTE = at_least(0, "INGEST_METER_RECORDS_PER_MINUTE", env.int, 1_000)
INGEST_ADDRESS_RECORDS_PER_MINUTE = at_least(0, "INGEST_ADDRESS_RECORDS_PER_MINUTE", env.int, 60_000)
# Proxies of ours in front of the web server, whose X-Forwarded-For may be believed.
INGEST_PROXIES = at_least(0, "INGEST_PROXIES", env.int, 0)

# Celery spells a unix socket differently.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ROUTES = {"grid.forecasts.tasks.*": {"queue": "forecast"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "static"]
# Files are read straight from the finders: nothing has to be collected before a page is up.
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *([LIVE_URL] if LIVE_URL.startswith("http") else [])],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not DEMO:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# Several signed records of a day of slots, with room; the ingest view has its own exact limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "grid.config.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},
}
