from django.db import migrations

from records.walls import (
    CREATE_ROLE,
    CREATE_SCOPE_FUNCTIONS,
    DROP_SCOPE_FUNCTIONS,
    OWN_REGENCY,
    SEES_ALL,
    append_only,
    insert_only_wall,
    wall,
    web_may,
)

SEEN = f"{SEES_ALL} OR {OWN_REGENCY} OR person_id = (SELECT app_applicant())"


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE_ROLE, migrations.RunSQL.noop),  # the role belongs to the whole server
        migrations.RunSQL(CREATE_SCOPE_FUNCTIONS, DROP_SCOPE_FUNCTIONS),
        web_may("records_event", "SELECT, INSERT"),
        insert_only_wall("records_event", SEEN),
        append_only("records_event"),
        web_may("records_read", "SELECT, INSERT"),
        insert_only_wall("records_read", SEEN, check="actor_id = (SELECT app_user())"),
        append_only("records_read"),
        web_may("records_job", "SELECT, INSERT"),
        wall("records_job", "(SELECT app_is_province()) OR requested_by_id = (SELECT app_user())"),
    ]
