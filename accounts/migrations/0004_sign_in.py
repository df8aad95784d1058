import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import records.fields
import records.ids
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

# What happened to one's own account is one's own to see, also before any role counts.
OWN_EVENTS = """
CREATE POLICY own_account ON records_event FOR SELECT TO portal_web
  USING (subject_type = 'user' AND subject_id = (SELECT app_user()))
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
        migrations.CreateModel(
            name="FactorReset",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="accounts_factorreset_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked_by", models.F("approved_by")), _negated=True),
                        name="accounts_factorreset_two_persons",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("user", models.F("asked_by")), _negated=True),
                            models.Q(("user", models.F("approved_by")), _negated=True),
                        ),
                        name="accounts_factorreset_not_own",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("approved_by__isnull", True)),
                        fields=("user",),
                        name="accounts_factorreset_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OneTimeSecret",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("code", "Code"), ("link", "Link")], max_length=4)),
                ("secret", records.fields.BlindIndexField(max_length=32)),
                ("login", records.fields.BlindIndexField(max_length=32, null=True)),
                ("address", records.fields.BlindIndexField(max_length=32, null=True)),
                ("rupiah", models.PositiveIntegerField(default=0, help_text="what its message costs")),
                ("asked_at", models.DateTimeField(db_index=True)),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["login", "asked_at"], name="accounts_on_login_90375d_idx"),
                    models.Index(fields=["address", "asked_at"], name="accounts_on_address_4e8f96_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("secret",), name="accounts_onetimesecret_secret"),
                    models.CheckConstraint(condition=models.Q(("tries__lte", 5)), name="accounts_onetimesecret_tries"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True), ("used_at__lt", models.F("expires_at")), _connector="OR"
                        ),
                        name="accounts_onetimesecret_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used_at__isnull", True), ("user__isnull", False), _connector="OR"),
                        name="accounts_onetimesecret_of_somebody",
                    ),
                ],
            },
        ),
        web_may("mfa_authenticator", "SELECT, INSERT, UPDATE, DELETE"),
        wall("mfa_authenticator", OWN),
        web_may("usersessions_usersession", "SELECT"),
        wall("usersessions_usersession", OWN),
        migrations.RunSQL(OWN_EVENTS, "DROP POLICY own_account ON records_event"),
        migrations.RunSQL(END_OTHER_SESSIONS, "DROP FUNCTION accounts_end_other_sessions(text)"),
        web_may_call("accounts_end_other_sessions(text)"),
    ]
