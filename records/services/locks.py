from django.db import connection


def take_turns(key: str) -> None:
    """Wait until no other transaction has this key, and keep it until the current one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
