"""What production must not start with: `manage.py check` says it, and web, worker and beat refuse to start.

Each finding names the setting and what to do. Development and tests are left alone.
"""

import ipaddress
import sys
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import Critical, Tags, register
from django.db import DatabaseError, OperationalError, connection

from records.gateways import NotConfigured, parse
from registrations.dukcapil import registry

SHORTEST_SECRET, SHORTEST_TOKEN = 50, 32
WIDEST_NETWORK = {4: 8, 6: 32}
SAMPLE_ADDRESS = "%@contoh.example"

Finding = tuple[str, str]  # what is unsafe, and what to do


@register(Tags.security)
def settings_are_safe(app_configs: object = None, **_: Any) -> list[Critical]:
    return [] if settings.DEVELOPMENT else _told("S", _SETTINGS)


@register(Tags.database)
def database_is_safe(databases: Collection[str] | None = None, **_: Any) -> list[Critical]:
    """Asked by `check --database default`, by `migrate`, and at the start of every process."""
    return [] if settings.DEVELOPMENT or not databases else _told("D", _DATABASE)


def refuse_unsafe() -> None:
    """End this process, with the findings, rather than serve with an unsafe setting.

    A database that does not answer is no finding: a process waits for it, and asks again when it is restarted.
    """
    found = settings_are_safe()
    try:
        found += database_is_safe(databases=["default"])
    except OperationalError:
        pass
    finally:
        connection.close()
    if found:
        sys.exit(
            "Refusing to start.\n" + "\n".join(f"  {finding.id}: {finding.msg} {finding.hint}" for finding in found)
        )


def _told(letter: str, looks: list[Callable[[], Iterator[Finding]]]) -> list[Critical]:
    return [
        Critical(message, hint=hint, id=f"prakerja.{letter}{number:03}")
        for number, look in enumerate(looks, start=1)
        for message, hint in look()
    ]


def _debug() -> Iterator[Finding]:
    if settings.DEBUG:
        yield "DEBUG is on: error pages show settings and rows.", "Set DEBUG = False."


def _hosts() -> Iterator[Finding]:
    if not any(settings.ALLOWED_HOSTS) or any("*" in host for host in settings.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS is empty or holds a '*'.", "Name the public hosts: ALLOWED_HOSTS=portal.example."


def _sample() -> Iterator[Finding]:
    if settings.SAMPLE_DATA:
        yield (
            "Sample data are on: accounts with a published password, and pages that show every message and code.",
            "Set PRAKERJA_SAMPLE=0.",
        )


def _key_file() -> Iterator[Finding]:
    path = settings.KEYRING.path
    if path and path.stat().st_mode & 0o077:
        yield f"The key file {path} can be read by others than its owner.", f"chmod 600 {path}"


def _secret() -> Iterator[Finding]:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET or len(set(settings.SECRET_KEY)) < 10:
        yield (
            f"secret_key in the key file is shorter than {SHORTEST_SECRET} characters or repeats itself.",
            "Put 64 random bytes there, as `python -m prakerja.embedded keys PATH` does; it signs everybody out.",
        )


def _origins() -> Iterator[Finding]:
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if not origin.startswith("https://") or "*" in origin:
            yield (
                f"The origin {origin} is not https, or is a pattern.",
                "Set CSRF_TRUSTED_ORIGINS=https://portal.example.",
            )
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_SSL_REDIRECT):
        yield "Cookies or pages would travel without TLS.", "Leave SESSION_COOKIE_SECURE and SECURE_SSL_REDIRECT on."


def _proxies() -> Iterator[Finding]:
    if settings.SECURE_PROXY_SSL_HEADER and settings.TRUSTED_PROXIES < 1:
        yield (
            "TRUSTED_PROXIES is 0 behind a proxy: everybody has the proxy's address, so limits hit all or nobody.",
            "Set TRUSTED_PROXIES to the number of own proxies that a request passes.",
        )


def _gateways() -> Iterator[Finding]:
    for kind in ("simulator", "console"):
        if kind in settings.MESSAGE_GATEWAYS:
            yield f"MESSAGE_GATEWAYS holds a {kind}: people would get no message.", "Name a provider, see .env.example."
    try:
        parse(settings.MESSAGE_GATEWAYS)
    except NotConfigured as error:
        yield str(error), "See MESSAGE_GATEWAYS and MESSAGE_TOKENS_FILE in .env.example."


def _registry() -> Iterator[Finding]:
    try:
        registry()
    except NotConfigured as error:
        yield str(error), "See DUKCAPIL_URL and DUKCAPIL_TOKEN_FILE in .env.example; without an address checks wait."


def _networks() -> Iterator[Finding]:
    for name in ("METRICS_ALLOWED", "MAINTENANCE_ALLOWED"):
        for text in getattr(settings, name):
            try:
                network = ipaddress.ip_network(text)
                too_wide = network.prefixlen < WIDEST_NETWORK[network.version]
            except ValueError:
                too_wide = True
            if too_wide:
                yield (
                    f"{name} has {text}, which is no network, or everybody's.",
                    f"Set {name} to the operators' own networks.",
                )
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield "METRICS_TOKEN can be guessed.", f"Use {SHORTEST_TOKEN} random characters: openssl rand -hex 32."


def _role() -> Iterator[Finding]:
    superuser, bypasses = _ask("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user")
    if superuser or bypasses:
        yield (
            "DATABASE_URL connects as a superuser or past row-level security: the second wall does not stand.",
            "Use a role of its own: ALTER ROLE ... NOSUPERUSER NOBYPASSRLS.",
        )


def _commits() -> Iterator[Finding]:
    if _ask("SELECT current_setting('synchronous_commit')") == ("off",):
        yield (
            "synchronous_commit is off: a receipt could be given for a row that a crash loses.",
            "ALTER DATABASE ... SET synchronous_commit = on.",
        )


def _sample_rows() -> Iterator[Finding]:
    try:
        (found,) = _ask(f"SELECT count(*) FROM accounts_user WHERE is_active AND email LIKE '{SAMPLE_ADDRESS}'")  # noqa: S608
    except OperationalError:
        raise
    except DatabaseError:  # no table yet: before the first migration
        return
    if found:
        yield (
            f"The database holds {found} accounts of the sample province, whose password is published.",
            "Start production with an empty database.",
        )


def _ask(query: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchone())


_SETTINGS = [_debug, _hosts, _sample, _key_file, _secret, _origins, _proxies, _gateways, _networks, _registry]
_DATABASE = [_role, _commits, _sample_rows]
