"""One settings module for every environment; only environment variables differ (see .env.example).

Outside development and tests no secret has a default: the key file must exist and hosts must be named.
"""

import json
import logging
import os
from datetime import date
from pathlib import Path

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from accounts.scope import API_SCOPES
from prakerja.operations.logs import logging_settings
from records.keyring import Keyring


def _amounts(variable: str, default: str) -> dict[str, int]:
    """`sms=350;whatsapp=450` as a mapping."""
    pairs = (pair.partition("=") for pair in os.environ.get(variable, default).split(";") if pair.strip())
    return {name.strip(): int(amount) for name, _, amount in pairs}


BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ.get("PRAKERJA_ENV", "development")
DEVELOPMENT = ENVIRONMENT in {"development", "test"}
DEBUG = False  # our own error pages are better, and a traceback is never shown to a user

KEYRING = Keyring.from_file(Path(os.environ["PRAKERJA_KEYS"]))
SECRET_KEY = KEYRING.secret_key
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,testserver" if DEVELOPMENT else "").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.import_export",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "prakerja",
    "records",
    "accounts",
    "clusters",
    "registrations",
    "training",
    "mentoring",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "import_export",
    "django_structlog",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "prakerja.operations.middleware.RequestMiddleware",  # outermost: id, log line, figures
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.api.problems.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prakerja.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "prakerja.operations.middleware.MaintenanceMiddleware",
    "prakerja.operations.opening.OpeningMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "prakerja.middleware.ScopeMiddleware",  # innermost: opens the request's one transaction
]

ROOT_URLCONF = "prakerja.urls"
WSGI_APPLICATION = "prakerja.wsgi.application"
FORM_RENDERER = "prakerja.rendering.PortalRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "prakerja.context.portal",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "prakerja.templatetags.portal",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ["DATABASE_URL"], conn_max_age=60, conn_health_checks=True, disable_server_side_cursors=True
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ["REDIS_URL"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True  # outcomes live in the Job table
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "visibility_timeout": 3600,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "clusters.*": {"queue": "quota"},
    "training.*": {"queue": "draw"},
    "records.deliver_*": {"queue": "notify"},
    "registrations.check_identities": {"queue": "identity"},
    "records.work_on_import": {"queue": "import"},
}
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "records.sweep_jobs", "schedule": 10.0},
    "seal-logs": {"task": "records.seal_logs", "schedule": 10.0},
    "mail-newest-head": {"task": "records.mail_newest_head", "schedule": 3600.0},
    "propose-splits": {"task": "clusters.propose_due_splits", "schedule": 300.0},
    "propose-splits-nightly": {"task": "clusters.propose_nightly", "schedule": crontab(hour="1", minute="30")},
    "advance-waves": {"task": "clusters.advance_waves", "schedule": 60.0},
    "move-overdue-grievances": {"task": "training.move_overdue_grievances", "schedule": 900.0},
    "remind-of-offers": {"task": "training.remind_of_offers", "schedule": 3600.0},
    "tell-cancelled": {"task": "registrations.tell_cancelled", "schedule": 300.0},
    "remind-to-join": {"task": "registrations.remind_to_join", "schedule": 3600.0},
    "clear-drafts": {"task": "registrations.clear_drafts", "schedule": 3600.0},
    "lapse-offers": {"task": "training.lapse_offers", "schedule": 900.0},
    # The next sweep takes over: what no worker has taken by then is dropped and does not pile up.
    "deliver-messages": {"task": "records.deliver_due_messages", "schedule": 5.0, "options": {"expires": 5}},
    "check-identities": {"task": "registrations.check_identities", "schedule": 5.0, "options": {"expires": 5}},
    "wipe-messages": {"task": "records.deliver_wipe", "schedule": 60.0},
    "clear-imports": {"task": "records.clear_imports", "schedule": 3600.0},
    "clear-sessions": {"task": "accounts.clear_sessions", "schedule": 3600.0},
    "count-people": {"task": "registrations.count_people", "schedule": 3600.0},
    "count-places": {"task": "training.record_granted_places", "schedule": 3600.0},
    "find-duplicates": {"task": "registrations.find_duplicates", "schedule": crontab(hour="3", minute="0")},
    "find-new-duplicates": {"task": "registrations.find_new_duplicates", "schedule": 3600.0},
    "recheck-rules": {"task": "registrations.recheck", "schedule": crontab(hour="2", minute="0")},
    "fold-tally": {"task": "registrations.fold_tally", "schedule": 30.0},
}

# A small file stays in memory; a larger one is never on disk in the clear.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "prakerja.uploads.SealedUploadHandler",
]

# What the import engine (records.resources) knows, by kind: whose file goes into which table.
IMPORTS = {
    "person_list": "registrations.resources.PersonListImport",
    "classes": "training.resources.TrainingClassResource",
    "observations": "clusters.resources.ObservationResource",
    "offices": "clusters.resources.LabourOfficeResource",
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PhoneOrEmailBackend"]
PASSWORD_HASHERS = ["accounts.backends.PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "SCOPES": API_SCOPES,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
    "ACCESS_TOKEN_GENERATOR": "accounts.api.tokens.new_token",
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",  # client credentials, and nothing else
    "OAUTH2_VALIDATOR_CLASS": "accounts.api.tokens.ClientValidator",
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # of a token only its checksum is kept
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],  # none is used; nor is what the rest forbids
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    **{
        f"COMPLIANT_BCP_RFC9700_{name}": True
        for name in ("IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS")
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.access.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.access.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
# Requests and seconds of a window: of a client, at the token endpoint of an address (docs/api.md states them).
API_LIMITS = {"page": (600, 60), "bulk": (20, 3600), "identity": (200, 86_400), "token": (30, 60)}
# Addresses of the API that will go, by the name of their route: since when, until when, and where that is said.
API_DEPRECATIONS: dict[str, tuple[date, date, str]] = {}
SPECTACULAR_SETTINGS = {
    "TITLE": "Portal Kuota Luring Prakerja",
    "DESCRIPTION": "Reads only. Every answer says by `as_of` when it was read; errors are problem details (RFC 9457).",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SERVE_INCLUDE_SCHEMA": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "ENUM_NAME_OVERRIDES": {
        "WaveState": "clusters.models.Wave.State",
        "RegistrationState": "registrations.models.Registration.State",
        "DrawState": "training.models.Draw.State",
        "PlacementState": "training.models.Placement.State",
        "ClusterCode": "clusters.serializers.CLUSTERS",
    },
}

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "workplace"
# allauth keeps the steps of a sign-in and the second factors; the pages, the codes and the budgets are ours (accounts).
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # counted in this process's memory; ours are counted in the database
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "Portal Kuota Luring Prakerja"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds: phones' clocks are not exact
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
SESSION_IDLE_SECONDS = 3600
# Codes and links by message: what all sign-ins together may cost a day. Beyond it only passwords and passkeys open.
SIGN_IN_MESSAGES_A_DAY = int(os.environ.get("PRAKERJA_SIGN_IN_MESSAGES_A_DAY", "5000"))
SIGN_IN_RUPIAH_A_DAY = int(os.environ.get("PRAKERJA_SIGN_IN_RUPIAH_A_DAY", "1000000"))
# Where links in messages lead; never taken from a request, whose Host header is the sender's word.
PORTAL_URL = os.environ.get(
    "PRAKERJA_URL", (CSRF_TRUSTED_ORIGINS or [f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}"])[0]
)

LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Bahasa Indonesia")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale_admin"]  # the second: Indonesian of the admin's packages
TIME_ZONE = "Asia/Jakarta"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = os.environ.get("STATIC_ROOT")  # collected in production only
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEVELOPMENT
SECURE_SSL_REDIRECT = not DEVELOPMENT
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
SECURE_PROXY_SSL_HEADER = None if DEVELOPMENT else ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))  # how many of our own proxies a request passes
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
CSRF_FAILURE_VIEW = "prakerja.operations.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = logging_settings(as_json=not DEVELOPMENT)
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a job's lines carry the id of the request that asked for it
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG  # sweeps every few seconds are no news; ended jobs are told

# Networks that see /metrics and the parts of /health/ready; others need the token. Networks that maintenance lets through.
METRICS_ALLOWED = os.environ.get("METRICS_ALLOWED", "127.0.0.0/8,::1/128").split(",")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
MAINTENANCE_ALLOWED = [network for network in os.environ.get("MAINTENANCE_ALLOWED", "").split(",") if network]

REGISTRATION_NUMBERS = None  # only a rehearsal names a source of its own, to be repeatable
SAMPLE_DATA = os.environ.get("PRAKERJA_SAMPLE", "1" if DEVELOPMENT else "0") == "1"
# After the freeze people may object to the list for so long before dice count; a sample province does not wait.
OBJECTION_HOURS = int(os.environ.get("PRAKERJA_OBJECTION_HOURS", "0" if SAMPLE_DATA else "48"))
# How long an office may fill in and see a registration that it makes for somebody, unless the person claims it before.
ASSISTANCE_DAYS = int(os.environ.get("PRAKERJA_ASSISTANCE_DAYS", "30"))
# Who keeps the heads of the chain over the logs, outside the portal; each gets the newest one every hour.
SEAL_ADDRESSES = [address for address in os.environ.get("SEAL_ADDRESSES", "").split(",") if address]

# Who can be sent messages: for each kind of recipient the function that knows addresses, called when a message is sent:
# (ids: Collection[UUID], channel: str) -> Mapping[UUID, str], E.164 numbers or e-mail addresses; without one, no entry.
ADDRESS_BOOKS = {
    "user": "accounts.selectors.addresses.addresses_of",
    "applicant": "registrations.selectors.contact.addresses_of",
}
# Ways out by channel, in the order in which they are tried (records.gateways); none is a channel that waits.
MESSAGE_GATEWAYS = os.environ.get(
    "MESSAGE_GATEWAYS",
    "; ".join(f"{channel}=simulator" for channel in ("sms", "email", "whatsapp")) if SAMPLE_DATA else "",
)
MESSAGE_TOKENS = (
    json.loads(Path(os.environ["MESSAGE_TOKENS_FILE"]).read_text()) if "MESSAGE_TOKENS_FILE" in os.environ else {}
)
MESSAGE_SENDER = os.environ.get("MESSAGE_SENDER", "PRAKERJA")
# In rupiah: what a segment of an SMS or another message costs, and what a channel may cost a day; not named: free, no limit.
MESSAGE_PRICES = _amounts("MESSAGE_PRICES", "sms=350;whatsapp=450")
MESSAGE_BUDGETS = _amounts("MESSAGE_BUDGETS", "sms=10000000;whatsapp=10000000")
DEFAULT_FROM_EMAIL = os.environ.get("MESSAGE_FROM_EMAIL") or f"portal@{ALLOWED_HOSTS[0]}"
EMAIL_HOST = os.environ.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25" if DEVELOPMENT else "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = MESSAGE_TOKENS.get(EMAIL_HOST, "")
EMAIL_USE_TLS = not DEVELOPMENT
EMAIL_TIMEOUT = 10
ANYMAIL = MESSAGE_TOKENS.get("anymail", {})

# The civil registry (registrations.dukcapil); without an address identity checks wait. `make up` starts a simulator.
DUKCAPIL_URL = os.environ.get("DUKCAPIL_URL", "")
DUKCAPIL_TOKEN = (
    Path(os.environ["DUKCAPIL_TOKEN_FILE"]).read_text().strip() if "DUKCAPIL_TOKEN_FILE" in os.environ else ""
)
DUKCAPIL_SECONDS = float(os.environ.get("DUKCAPIL_SECONDS", "10"))
DUKCAPIL_PER_MINUTE = int(os.environ.get("DUKCAPIL_PER_MINUTE", "1200"))

# A request that stood longer than this in the queue of a web process is asked to come again (prakerja.operations.opening).
SHED_SECONDS = float(os.environ.get("SHED_SECONDS", "5"))

# The admin (prakerja.admin_site). Colours are those of static/css/tokens.css: nila on paper.
UNFOLD = {
    "SITE_TITLE": _("Pengelolaan Portal Prakerja"),
    "SITE_HEADER": _("Kuota Luring Prakerja"),
    "SITE_SUBHEADER": "Jawa Tengah",
    "SITE_SYMBOL": "tune",
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "#f2f3fb",
            "100": "#e6e9f7",
            "200": "#c9d0ef",
            "300": "#a3aee2",
            "400": "#7583cf",
            "500": "#4a59b6",
            "600": "#2b3990",
            "700": "#243078",
            "800": "#1c2454",
            "900": "#161c42",
            "950": "#0e1230",
        },
    },
}
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
