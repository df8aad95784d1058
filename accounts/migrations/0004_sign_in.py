from django.db import migrations

from records.walls import wall, web_may, web_may_call

OWN = "user_id = (SELECT app_user())"

# Runs as the owner: a session's contents are no web request's business, but ending one's own others is.
END_OTHER_SESSIONS = """
CREATE FUNCTION accounts_end_other_sessions(kept text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH ended AS (
    DELETE FROM usersessions_usersession WHERE user_id = app_user() AND session_key <> kept RETURNING session_key
  )
  DELETE FROM django_session WHERE session_key IN (SELECT session_key FROM ended)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sign_in_failures"),
        ("records", "0002_walls"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("usersessions", "0001_initial"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        web_may("mfa_authenticator", "SELECT, INSERT, UPDATE, DELETE"),
        wall("mfa_authenticator", OWN),
        web_may("usersessions_usersession", "SELECT"),
        wall("usersessions_usersession", OWN),
        migrations.RunSQL(END_OTHER_SESSIONS, "DROP FUNCTION accounts_end_other_sessions(text)"),
        web_may_call("accounts_end_other_sessions(text)"),
    ]
