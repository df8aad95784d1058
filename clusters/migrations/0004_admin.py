from django.db import migrations, models

from records.walls import ROLE, wall, web_may

OPERATOR = "(SELECT app_is_operator())"
EDITED = ["regency", "district", "village", "blankspotvillage", "cluster", "clusterarea", "labouroffice"]

CLIENT_COLUMNS = [  # not the secret's hash
    *["id", "client_id", "name", "institution_id", "scopes", "address_ranges", "expires_at", "revoked_at", "last_used_at"],
]

# Rows of other rooms that operators look at; they see no person's row by any of them.
POLICIES = f"""
CREATE POLICY operator_read ON records_job FOR SELECT TO {ROLE} USING ({OPERATOR});
ALTER POLICY scope_add ON records_messagetemplate WITH CHECK (author_id = (SELECT app_user()) AND {OPERATOR});
"""
NO_POLICIES = """
ALTER POLICY scope_add ON records_messagetemplate WITH CHECK (author_id = (SELECT app_user()));
DROP POLICY operator_read ON records_job;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0003_memberships"),
        ("records", "0003_messages"),
        ("accounts", "0006_invitations"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("is_off", models.BooleanField(default=True)),
            ],
            options={"ordering": ["-day"]},
        ),
        web_may("clusters_holiday", "SELECT"),
        *[
            operation
            for table in [*EDITED, "holiday"]
            for operation in (
                web_may(f"clusters_{table}", "INSERT, UPDATE"),
                wall(f"clusters_{table}", "true", check=OPERATOR),
            )
        ],
        web_may("django_content_type", "SELECT"),
        web_may("accounts_institution", "SELECT, INSERT, UPDATE"),
        wall("accounts_institution", OPERATOR),
        web_may("accounts_apiclient", "SELECT", columns=CLIENT_COLUMNS),
        wall("accounts_apiclient", OPERATOR),
        migrations.RunSQL(POLICIES, NO_POLICIES),
    ]
