from django.db import migrations

from records.walls import web_may_call

# Called with the rights of web requests, within the scope of the registration's own person: row-level security holds in it as
# anywhere. A function, because its plans are kept by a connection; planning costs more than joining.
JOIN = """
CREATE FUNCTION registrations_join(own uuid, person uuid, now timestamptz, event_id uuid,
                                   OUT joined boolean, OUT early boolean, OUT opens timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE in_regency integer;
BEGIN
  UPDATE registrations_registration r SET state = 'joined', joined_at = now, as_of = now FROM clusters_wave w
  WHERE r.id = own AND r.applicant_id = person AND r.state IN ('registered', 'withdrawn')
    AND w.id = r.wave_id AND w.state = 'open' AND w.opens_at <= now AND w.closes_at > now
  RETURNING r.regency_id INTO in_regency;
  joined := FOUND;
  IF joined THEN
    INSERT INTO records_event (id, at, kind, actor_role, subject_type, subject_id, person_id, regency_id, fields, reason)
    VALUES (event_id, now, 'registration.joined', 'applicant', 'registration', own, person, in_regency, '["state"]', '');
    RETURN;
  END IF;
  -- A statement of its own, which sees what a faster request has committed meanwhile.
  SELECT r.state = 'joined', w.state = 'open' AND w.opens_at > now, w.opens_at INTO joined, early, opens
  FROM registrations_registration r JOIN clusters_wave w ON w.id = r.wave_id WHERE r.id = own AND r.applicant_id = person;
END $$
"""
NAME = "registrations_join(uuid, uuid, timestamptz, uuid)"


class Migration(migrations.Migration):
    dependencies = [("registrations", "0012_evidence")]

    operations = [migrations.RunSQL(JOIN, f"DROP FUNCTION {NAME}"), web_may_call(NAME)]
