"""Read the API of the portal with nothing but Python's standard library.

    PORTAL=https://portal.example CLIENT_ID=... CLIENT_SECRET=... python example_client.py registrations wave=2026-4

prints one JSON object a line. `Portal` can be imported as well: `for row in portal.rows("waves"): ...`.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class Portal:
    def __init__(self, address: str, client_id: str, client_secret: str) -> None:
        self.address, self.client_id, self.client_secret = address.rstrip("/"), client_id, client_secret
        self.token, self.until = "", 0.0

    def rows(self, resource: str, **filters: str) -> Iterator[dict[str, Any]]:
        """Every row, a page after the other. `updated_since` gives changes; keep rows by `id`, a row may come twice."""
        following: str | None = f"{self.address}/api/v1/{resource}/?{urlencode({'limit': '500', **filters})}"
        while following:
            page = json.load(self._open(following))
            yield from page["items"]
            following = page["next"]

    def all_rows(self, resource: str, **filters: str) -> Iterator[dict[str, Any]]:
        """The same by one streamed answer; ends with http.client.IncompleteRead when it was cut off."""
        with self._open(f"{self.address}/api/v1/{resource}.ndjson?{urlencode(filters)}") as answer:
            for line in answer:
                yield json.loads(line)

    def _open(self, address: str) -> Any:
        while True:
            try:
                return urlopen(Request(address, headers={"Authorization": f"Bearer {self._token()}"}))  # noqa: S310
            except HTTPError as error:
                if error.code != 429:  # the body says what was wrong: {"title", "detail", "errors": [...]}
                    raise
                time.sleep(int(error.headers["Retry-After"]))

    def _token(self) -> str:
        if time.monotonic() > self.until:
            asked = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            given = json.load(urlopen(f"{self.address}/o/token/", urlencode(asked).encode()))  # noqa: S310
            self.token, self.until = given["access_token"], time.monotonic() + given["expires_in"] - 30
        return self.token


if __name__ == "__main__":
    portal = Portal(os.environ["PORTAL"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    name, *chosen = sys.argv[1:]
    for row in portal.rows(name, **dict(part.split("=", 1) for part in chosen)):
        print(json.dumps(row, ensure_ascii=False))  # noqa: T201
