"""Only the tests that reach the database, by `pytest -p tests.with_database`: nothing else can break at a pooler."""

import pytest

REACHES = {"db", "transactional_db", "django_db_setup"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reaching = [item for item in items if item.get_closest_marker("django_db") or REACHES & {*_fixtures_of(item)}]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(reaching)])
    items[:] = reaching


def _fixtures_of(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []
