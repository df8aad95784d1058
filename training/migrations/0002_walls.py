from django.db import migrations

from records.walls import SEES_ALL, append_only, before_update, never_deleted, touch, wall, web_may
from training.states import DRAW_TRANSITIONS, PLACEMENT_TRANSITIONS

PROVINCE = "(SELECT app_is_province())"
REGISTRATION_SEEN = "EXISTS (SELECT 1 FROM registrations_registration r WHERE r.id = registration_id)"
REGISTRATION_OWN = (
    "EXISTS (SELECT 1 FROM registrations_registration r WHERE r.id = registration_id AND "
    "(r.regency_id = ANY ((SELECT app_regencies())::integer[]) OR r.applicant_id = (SELECT app_applicant())))"
)
DRAW_PUBLISHED = "EXISTS (SELECT 1 FROM training_draw d WHERE d.id = draw_id AND d.published_at IS NOT NULL)"

# Parents of one partition per draw. A partition is filled by COPY, given its key and then attached.
PARTITIONED = """
CREATE TABLE training_drawentry (
  draw_id uuid NOT NULL, registration_id uuid NOT NULL, position integer NOT NULL, line text NOT NULL, salt bytea NOT NULL,
  PRIMARY KEY (draw_id, registration_id)) PARTITION BY LIST (draw_id);
CREATE TABLE training_drawresult (
  draw_id uuid NOT NULL, registration_id uuid NOT NULL, position integer NOT NULL, ticket bytea NOT NULL,
  training_class_id uuid, wish_rank smallint NOT NULL, admitted_pass smallint NOT NULL,
  CONSTRAINT training_drawresult_place CHECK ((training_class_id IS NULL) = (wish_rank = -1)),
  PRIMARY KEY (draw_id, registration_id)) PARTITION BY LIST (draw_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON training_drawentry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON training_drawresult FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# `taken` is the number of live placements, whoever writes them; the class's CHECK refuses one too many.
SEATS = """
CREATE FUNCTION training_count_taken() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE training_trainingclass c SET taken = taken + n.people FROM (
    SELECT training_class_id, count(*) AS people FROM after WHERE state IN ('offered', 'accepted') GROUP BY 1) n
  WHERE c.id = n.training_class_id;
  RETURN NULL;
END $$;
CREATE FUNCTION training_count_freed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE training_trainingclass c SET taken = taken + n.people FROM (
    SELECT training_class_id, sum(change) AS people FROM (
      SELECT training_class_id, 1 AS change FROM after WHERE state IN ('offered', 'accepted')
      UNION ALL SELECT training_class_id, -1 FROM before WHERE state IN ('offered', 'accepted')) moves
    GROUP BY 1 HAVING sum(change) <> 0) n
  WHERE c.id = n.training_class_id;
  RETURN NULL;
END $$;
CREATE TRIGGER count_taken AFTER INSERT ON training_placement REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION training_count_taken();
CREATE TRIGGER count_freed AFTER UPDATE ON training_placement REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION training_count_freed();
"""
NO_SEATS = """
DROP TRIGGER count_freed ON training_placement; DROP TRIGGER count_taken ON training_placement;
DROP FUNCTION training_count_freed(); DROP FUNCTION training_count_taken();
"""


# What people enter; the rest is the worker's, which runs as the owner.
DRAW_COLUMNS = [
    *["state", "dice", "witnesses", "cleared", "rolled_by_id", "seed", "seeded_by_id", "seeded_at"],
    *["void_asked_by_id", "void_reason", "voided_by_id", "as_of", "updated_at"],
]
DRAW_STANDS = """
CREATE FUNCTION training_draw_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.seed <> '' AND (NEW.dice, NEW.witnesses, NEW.rolled_by_id, NEW.cleared)
      IS DISTINCT FROM (OLD.dice, OLD.witnesses, OLD.rolled_by_id, OLD.cleared) THEN
    RAISE EXCEPTION 'the dice of a seed stand' USING ERRCODE = 'restrict_violation';
  END IF;
  IF current_setting('role') = 'portal_web' AND NEW.state <> OLD.state
      AND (NEW.state IN ('agreed', 'disagreed', 'published') OR OLD.state = 'freezing' AND NEW.state <> 'void') THEN
    RAISE EXCEPTION 'only the worker takes a draw to %', NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER draw_stands BEFORE UPDATE ON training_draw FOR EACH ROW EXECUTE FUNCTION training_draw_stands();
"""


def pairs(transitions: dict[str, frozenset[str]]) -> list[str]:
    return [f"{old}>{new}" for old in transitions for new in sorted(transitions[old])]


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial"), ("registrations", "0002_walls")]

    operations = [
        web_may("training_provider", "SELECT"),
        web_may("training_programme", "SELECT"),
        web_may("training_trainingclass", "SELECT, INSERT, UPDATE"),
        wall("training_trainingclass", "true", check=PROVINCE),
        touch("training_trainingclass"),
        web_may("training_wishlist", "SELECT, INSERT, UPDATE"),
        wall("training_wishlist", REGISTRATION_SEEN, check=REGISTRATION_OWN),
        web_may("training_wish", "SELECT, INSERT, DELETE"),
        wall("training_wish", REGISTRATION_SEEN, check=REGISTRATION_OWN),
        web_may("training_draw", "SELECT, INSERT"),
        web_may("training_draw", "UPDATE", columns=DRAW_COLUMNS),
        wall("training_draw", "true", check=PROVINCE),
        before_update("training_draw", "refuse_transition", pairs(DRAW_TRANSITIONS)),
        before_update(
            "training_draw",
            "set_once",
            [
                *["wave_id", "split_id", "frozen_by_id", "frozen_at", "rules", "rules_digest"],
                *["list_size", "list_sha256", "list_root", "seed", "seeded_by_id", "seeded_at", "ran_at"],
                *["result_sha256", "placed", "report", "published_by_id", "published_at", "voided_by_id"],
            ],
        ),
        migrations.RunSQL(DRAW_STANDS, "DROP TRIGGER draw_stands ON training_draw; DROP FUNCTION training_draw_stands()"),
        never_deleted("training_draw"),
        touch("training_draw"),
        web_may("training_merkleblock", "SELECT"),
        append_only("training_merkleblock"),
        migrations.RunSQL(PARTITIONED, "DROP TABLE training_drawresult; DROP TABLE training_drawentry"),
        web_may("training_drawentry", "SELECT"),
        wall("training_drawentry", REGISTRATION_SEEN),
        web_may("training_drawresult", "SELECT"),
        wall("training_drawresult", f"{REGISTRATION_SEEN} AND ({DRAW_PUBLISHED} OR {SEES_ALL})"),
        web_may("training_drawcutoff", "SELECT"),
        wall("training_drawcutoff", f"{DRAW_PUBLISHED} OR {SEES_ALL}"),
        append_only("training_drawcutoff"),
        web_may("training_drawpack", "SELECT"),
        wall("training_drawpack", f"(audience = 'public' AND {DRAW_PUBLISHED}) OR (SELECT app_is_auditor())"),
        append_only("training_drawpack"),
        web_may("training_placement", "SELECT"),
        web_may("training_placement", "UPDATE", columns=["state", "answered_at", "updated_at", "as_of"]),
        wall("training_placement", REGISTRATION_SEEN, check=REGISTRATION_OWN),
        before_update("training_placement", "refuse_transition", pairs(PLACEMENT_TRANSITIONS)),
        never_deleted("training_placement"),
        touch("training_placement"),
        migrations.RunSQL(SEATS, NO_SEATS),
    ]
