from django.db import migrations

from records.walls import web_may_call

# Web requests see their own rows only, yet must know how many others share a family card, whether a submission is a
# repeat, and how often an asker was told "already registered". Each function runs with the owner's rights and answers
# just that.
#
# The household's lock is taken before counting and held to the end of the transaction, so two members at once are counted
# one after the other; a volatile function sees what was committed while it waited. Bulk intake takes the gate alone.
FUNCTIONS = {
    "registrations_count_household(bytea, bytea, uuid)": """
CREATE FUNCTION registrations_count_household(family_card bytea, except_nik bytea, in_wave uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('registrations.households'), 0);
  PERFORM pg_advisory_xact_lock(('x' || encode(substring(family_card FROM 1 FOR 8), 'hex'))::bit(64)::bigint);
  RETURN (SELECT count(*) FROM registrations_registration r JOIN registrations_applicant a ON a.id = r.applicant_id
          WHERE a.kk_index = family_card AND a.nik_index <> except_nik AND r.wave_id = in_wave);
END $$""",
    "registrations_find_repeat(uuid, bytea)": """
CREATE FUNCTION registrations_find_repeat(submission uuid, own_nik bytea)
RETURNS TABLE (applicant_id uuid, registration_id uuid, number varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, r.id, r.number FROM registrations_registration r JOIN registrations_applicant a ON a.id = r.applicant_id
  WHERE r.idempotency_key = submission AND a.nik_index = own_nik
$$""",
    "registrations_count_attempts(bytea, timestamptz)": """
CREATE FUNCTION registrations_count_attempts(asker bytea, since timestamptz) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*)::integer FROM registrations_statusattempt WHERE key = asker AND at > since
$$""",
    "registrations_add_attempt(bytea, timestamptz, timestamptz)": """
CREATE FUNCTION registrations_add_attempt(asker bytea, now timestamptz, since timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
  PERFORM pg_advisory_xact_lock(('x' || encode(substring(asker FROM 1 FOR 8), 'hex'))::bit(64)::bigint);
  INSERT INTO registrations_statusattempt (key, at) VALUES (asker, now);
  RETURN (SELECT count(*) FROM registrations_statusattempt WHERE key = asker AND at > since);
END $$""",
}


class Migration(migrations.Migration):
    dependencies = [("registrations", "0002_walls")]

    operations = [
        *(migrations.RunSQL(definition, f"DROP FUNCTION {name}") for name, definition in FUNCTIONS.items()),
        web_may_call(*FUNCTIONS),
    ]
