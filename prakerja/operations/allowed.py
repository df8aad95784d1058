"""Who may see what operators see: addresses of the operators' networks, or a bearer of the token."""

import hmac
import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

from accounts.middleware import client_address


def is_within(request: HttpRequest, networks: Iterable[str]) -> bool:
    """Whether the asker's address, as our own proxies saw it, lies in one of the networks."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in networks)


def may_watch(request: HttpRequest) -> bool:
    """For /metrics and the details of /health/ready."""
    if is_within(request, settings.METRICS_ALLOWED):
        return True
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
