"""Notice that an address will go: settings.API_DEPRECATIONS by the name of its route (docs/api.md says how long it stays)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.conf import settings
from django.utils.http import http_date


@dataclass(frozen=True)
class Deprecation:
    since: date
    sunset: date
    notice: str  # address of the page that says what to use instead


def deprecation_of(route: str) -> Deprecation | None:
    found = settings.API_DEPRECATIONS.get(route)
    return Deprecation(*found) if found else None


def deprecation_headers(route: str) -> dict[str, str]:
    """Deprecation (RFC 9745), Sunset (RFC 8594) and a link to the notice; none for an address that stays."""
    found = deprecation_of(route)
    if found is None:
        return {}
    since, sunset = (datetime.combine(day, time(), UTC).timestamp() for day in (found.since, found.sunset))
    return {
        "Deprecation": f"@{since:.0f}",
        "Sunset": http_date(sunset),
        "Link": f'<{found.notice}>; rel="deprecation"; type="text/html"',
    }
