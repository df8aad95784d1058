from django.db import migrations

from records.walls import (
    OWN_APPLICANT,
    OWN_REGENCY,
    SEES_ALL,
    append_only,
    before_update,
    touch,
    wall,
    web_may,
)
from registrations.states import TRANSITIONS

REGISTRATION_SEEN = "EXISTS (SELECT 1 FROM registrations_registration r WHERE r.id = registration_id)"
REGISTRATION_OWN = (
    "EXISTS (SELECT 1 FROM registrations_registration r WHERE r.id = registration_id AND "
    "(r.regency_id = ANY ((SELECT app_regencies())::integer[]) OR r.applicant_id = (SELECT app_applicant())))"
)

# One function for all three events; each trigger names the transition tables that exist for it. It runs with the
# owner's rights because web requests may not write the tally.
TALLY = """
CREATE FUNCTION registrations_tally_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO registrations_tally (wave_id, regency_id, state, clusters, change)
  SELECT wave_id, regency_id, state, clusters, count(*) FROM after GROUP BY 1, 2, 3, 4;
  RETURN NULL;
END $$;
CREATE FUNCTION registrations_tally_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO registrations_tally (wave_id, regency_id, state, clusters, change)
  SELECT wave_id, regency_id, state, clusters, sum(change) FROM (
    SELECT wave_id, regency_id, state, clusters, 1 AS change FROM after
    UNION ALL SELECT wave_id, regency_id, state, clusters, -1 FROM before) moves
  GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0;
  RETURN NULL;
END $$;
CREATE FUNCTION registrations_tally_removed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO registrations_tally (wave_id, regency_id, state, clusters, change)
  SELECT wave_id, regency_id, state, clusters, -count(*) FROM before GROUP BY 1, 2, 3, 4;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON registrations_registration REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION registrations_tally_added();
CREATE TRIGGER tally_changed AFTER UPDATE ON registrations_registration REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION registrations_tally_changed();
CREATE TRIGGER tally_removed AFTER DELETE ON registrations_registration REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION registrations_tally_removed();
"""
NO_TALLY = """
DROP TRIGGER tally_removed ON registrations_registration; DROP TRIGGER tally_changed ON registrations_registration;
DROP TRIGGER tally_added ON registrations_registration; DROP FUNCTION registrations_tally_removed();
DROP FUNCTION registrations_tally_changed(); DROP FUNCTION registrations_tally_added();
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0001_initial"), ("clusters", "0002_walls")]

    operations = [
        web_may("registrations_applicant", "SELECT, INSERT, UPDATE"),
        wall(
            "registrations_applicant",
            f"{SEES_ALL} OR {OWN_REGENCY} OR id = (SELECT app_applicant())",
            check=f"{OWN_REGENCY} OR id = (SELECT app_applicant())",
        ),
        touch("registrations_applicant"),
        # The person alone; jobs and aggregates read as the owner.
        web_may("registrations_disability", "SELECT, INSERT"),
        wall("registrations_disability", OWN_APPLICANT),
        web_may("registrations_disabilityneed", "SELECT, INSERT"),
        wall("registrations_disabilityneed", OWN_APPLICANT),
        web_may("registrations_registration", "SELECT, INSERT"),
        web_may("registrations_registration", "UPDATE", columns=["state", "joined_at", "as_of"]),
        wall(
            "registrations_registration",
            f"{SEES_ALL} OR {OWN_REGENCY} OR {OWN_APPLICANT}",
            check=f"{OWN_REGENCY} OR {OWN_APPLICANT}",
        ),
        before_update(
            "registrations_registration",
            "refuse_transition",
            [f"{old}>{new}" for old in TRANSITIONS for new in sorted(TRANSITIONS[old])],
        ),
        touch("registrations_registration"),
        migrations.RunSQL(TALLY, NO_TALLY),
        web_may("registrations_tally", "SELECT"),
        wall("registrations_tally", f"{SEES_ALL} OR {OWN_REGENCY}"),
        web_may("registrations_eligibilitydecision", "SELECT, INSERT"),
        wall("registrations_eligibilitydecision", REGISTRATION_SEEN, check=REGISTRATION_OWN),
        append_only("registrations_eligibilitydecision"),
        web_may("registrations_consent", "SELECT, INSERT"),
        wall("registrations_consent", REGISTRATION_SEEN, check=REGISTRATION_OWN),
        append_only("registrations_consent"),
    ]
