from django.db import migrations

from records.walls import (
    CREATE_ROLE,
    CREATE_SCOPE_FUNCTIONS,
    DROP_SCOPE_FUNCTIONS,
    FORGET_ROLE,
    OWN_REGENCY,
    ROLE,
    SEES_ALL,
    append_only,
    insert_only_wall,
    wall,
    web_may,
    web_may_call,
)

SEEN = f"{SEES_ALL} OR {OWN_REGENCY} OR person_id = (SELECT app_applicant())"

SCOPE_FUNCTIONS = ("scope", "sees_all", "is_province", "is_auditor", "user", "applicant", "regencies")

# Runs as the owner: whoever may ask for work need not be able to read the queue; a web request asks in its own name only.
# Loops because the live job with this key may finish between the two statements.
REQUEST_JOB = f"""
CREATE FUNCTION records_request_job(new_id uuid, new_task text, new_key text, new_payload jsonb, asked_by uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE live uuid; BEGIN
  LOOP
    INSERT INTO records_job (id, task, key, payload, state, attempt, error, result, requested_by_id, created_at)
    VALUES (new_id, new_task, new_key, new_payload, 'queued', 0, '', '{{}}',
            CASE WHEN current_setting('role') = '{ROLE}' THEN app_user() ELSE asked_by END, clock_timestamp())
    ON CONFLICT (key) WHERE state IN ('queued', 'running') DO NOTHING RETURNING id INTO live;
    IF live IS NULL THEN
      SELECT id INTO live FROM records_job WHERE key = new_key AND state IN ('queued', 'running');
    END IF;
    IF live IS NOT NULL THEN RETURN live; END IF;
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE_ROLE, FORGET_ROLE),
        migrations.RunSQL(CREATE_SCOPE_FUNCTIONS, DROP_SCOPE_FUNCTIONS),
        web_may_call(*(f"app_{name}()" for name in SCOPE_FUNCTIONS)),
        web_may("records_event", "SELECT, INSERT"),
        insert_only_wall("records_event", SEEN, check="actor_id IS NOT DISTINCT FROM (SELECT app_user())"),
        append_only("records_event"),
        web_may("records_read", "SELECT, INSERT"),
        insert_only_wall("records_read", SEEN, check="actor_id = (SELECT app_user())"),
        append_only("records_read"),
        web_may("records_job", "SELECT"),
        wall("records_job", "(SELECT app_is_province()) OR requested_by_id = (SELECT app_user())"),
        migrations.RunSQL(REQUEST_JOB, "DROP FUNCTION records_request_job(uuid, text, text, jsonb, uuid)"),
        web_may_call("records_request_job(uuid, text, text, jsonb, uuid)"),
    ]
