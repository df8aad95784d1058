import django.db.models.deletion
import records.fields
import records.ids
from django.conf import settings
from django.db import migrations, models

from records.walls import OWN_APPLICANT, ROLE, before_update, insert_only_wall, never_deleted, wall, web_may
from registrations.states import IDENTITY_TRANSITIONS

ANSWERS = [
    *["occupation", "citizen", "in_education", "received_before", "pmi_candidate", "laid_off", "remote"],
    *["unfamiliar_digital", "blank_spot", "clusters", "warnings", "regency_id"],
]
# What somebody answered is theirs alone to correct, and until the wave closes, whatever a request tries.
IN_TIME = f"""
CREATE FUNCTION registrations_correct_in_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_user = '{ROLE}' AND (SELECT app_applicant()) IS DISTINCT FROM NEW.applicant_id THEN
    RAISE EXCEPTION 'only its own person corrects a registration' USING ERRCODE = 'restrict_violation';
  END IF;
  IF current_user = '{ROLE}' AND NOT EXISTS (
    SELECT 1 FROM clusters_wave w WHERE w.id = NEW.wave_id AND w.state = 'open' AND w.closes_at > now()) THEN
    RAISE EXCEPTION 'the wave of this registration takes no corrections' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER correct_in_time BEFORE UPDATE OF {", ".join(ANSWERS)} ON registrations_registration
  FOR EACH ROW EXECUTE FUNCTION registrations_correct_in_time();
"""
NOT_IN_TIME = """
DROP TRIGGER correct_in_time ON registrations_registration; DROP FUNCTION registrations_correct_in_time();
"""
# The registry is asked again in the statement that changes what it was asked about, the name of a registration that is on no list
# yet follows, and the check goes where the registration goes. Both run with the owner's rights: a web request may not set a check as it likes. A question that is out at this moment
# finds another attempt number when it comes back, and is left aside.
FOLLOW = """
CREATE FUNCTION registrations_ask_again() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
  UPDATE registrations_identitycheck c
  SET state = 'pending', differs = '[]', next_try = now(), checked_at = NULL, request_id = '', error = '', as_of = now(),
      attempts = CASE WHEN c.state IN ('pending', 'failed') THEN least(c.attempts, 30000) + 1 ELSE 0 END,
      sighted_by_id = NULL, sighted_at = NULL, sight_reason = '', confirmed_by_id = NULL, confirmed_at = NULL
  FROM clusters_wave w WHERE c.applicant_id = NEW.id AND w.id = c.wave_id AND w.state IN ('open', 'closed');
  UPDATE registrations_registration r SET name = NEW.name, as_of = now() FROM clusters_wave w
  WHERE r.applicant_id = NEW.id AND r.name <> NEW.name AND w.id = r.wave_id AND w.state IN ('open', 'closed');
  RETURN NULL; END $$;
CREATE TRIGGER ask_again AFTER UPDATE OF nik_index, kk_index, name, birth_date ON registrations_applicant
  FOR EACH ROW WHEN (NEW.erased_at IS NULL AND (OLD.nik_index, OLD.kk_index, OLD.name, OLD.birth_date)
                     IS DISTINCT FROM (NEW.nik_index, NEW.kk_index, NEW.name, NEW.birth_date))
  EXECUTE FUNCTION registrations_ask_again();
CREATE FUNCTION registrations_move_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
  UPDATE registrations_identitycheck SET regency_id = NEW.regency_id WHERE registration_id = NEW.id;
  RETURN NULL; END $$;
CREATE TRIGGER move_identity AFTER UPDATE OF regency_id ON registrations_registration
  FOR EACH ROW WHEN (OLD.regency_id <> NEW.regency_id) EXECUTE FUNCTION registrations_move_identity();
"""
NO_FOLLOW = """
DROP TRIGGER move_identity ON registrations_registration; DROP FUNCTION registrations_move_identity();
DROP TRIGGER ask_again ON registrations_applicant; DROP FUNCTION registrations_ask_again();
"""
IDENTITY = "registrations_identitycheck"
CHECKED = [
    *["state", "differs", "attempts", "next_try", "checked_at", "request_id", "error", "as_of"],
    *["sighted_by_id", "sighted_at", "sight_reason", "confirmed_by_id", "confirmed_at"],
]
BEFORE = {"pending": ("failed", "matched", "not_matched"), "failed": ("matched", "not_matched"),
          "not_matched": ("confirmed", "pending")}  # fmt: skip


def transitions(table: dict[str, tuple[str, ...]]) -> migrations.RunSQL:
    return before_update(IDENTITY, "refuse_transition", [f"{old}>{new}" for old in table for new in table[old]])


former_steps, former_keep = transitions(BEFORE), before_update(IDENTITY, "keep_all_but", [*CHECKED, "updated_at"])
OF_PERSON = "EXISTS (SELECT 1 FROM registrations_applicant a WHERE a.id = applicant_id"
OF_ASKER = "(a.regency_id = ANY ((SELECT app_regencies())::integer[]) OR a.id = (SELECT app_applicant()))"


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0008_drafts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='applicant',
            name='erased_at',
            field=models.DateTimeField(help_text='who this was is overwritten since then', null=True),
        ),
        migrations.CreateModel(
            name='FormerValue',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('field', models.CharField(max_length=30)),
                ('former', records.fields.EncryptedField(aad='registrations.formervalue.former')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('actor_role', models.CharField(max_length=20)),
                ('idempotency_key', models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name='PhoneChange',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('phone', records.fields.EncryptedField(aad='registrations.phonechange.phone')),
                ('code_index', records.fields.BlindIndexField(max_length=32)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='draft',
            name='registrations_draft_applicant',
        ),
        migrations.AddField(
            model_name='draft',
            name='registration',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(condition=models.Q(('registration__isnull', True)), fields=('applicant',), name='registrations_draft_applicant'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('registration',), name='registrations_draft_registration'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(('registration__isnull', True), ('applicant__isnull', False), _connector='OR'), name='registrations_draft_corrects_own'),
        ),
        migrations.AddField(
            model_name='formervalue',
            name='actor',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='formervalue',
            name='applicant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='former_values', to='registrations.applicant'),
        ),
        migrations.AddField(
            model_name='formervalue',
            name='registration',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration'),
        ),
        migrations.AddField(
            model_name='phonechange',
            name='applicant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.applicant'),
        ),
        migrations.AddIndex(
            model_name='formervalue',
            index=models.Index(fields=['applicant', 'until'], name='formervalue_of_person'),
        ),
        migrations.AddConstraint(
            model_name='formervalue',
            constraint=models.UniqueConstraint(fields=('idempotency_key', 'field'), name='registrations_formervalue_once'),
        ),
        migrations.AddConstraint(
            model_name='formervalue',
            constraint=models.CheckConstraint(condition=models.Q(('since__lte', models.F('until'))), name='registrations_formervalue_span'),
        ),
        migrations.AddConstraint(
            model_name='formervalue',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='registrations_formervalue_reason'),
        ),
        migrations.AddConstraint(
            model_name='formervalue',
            constraint=models.CheckConstraint(condition=models.Q(('field__startswith', 'disability'), _negated=True), name='registrations_formervalue_disability'),
        ),
        migrations.AddIndex(
            model_name='phonechange',
            index=models.Index(fields=['applicant', 'asked_at'], name='phonechange_of_person'),
        ),
        migrations.AddConstraint(
            model_name='phonechange',
            constraint=models.CheckConstraint(condition=models.Q(('tries__lte', 5)), name='registrations_phonechange_tries'),
        ),
        migrations.AddConstraint(
            model_name='phonechange',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('asked_at'))), name='registrations_phonechange_ends'),
        ),
        web_may("registrations_formervalue", "SELECT, INSERT"),
        insert_only_wall(
            "registrations_formervalue",
            f"{OF_PERSON})",
            check=f"{OF_PERSON} AND {OF_ASKER}) AND actor_id IS NOT DISTINCT FROM (SELECT app_user())",
        ),
        # The ciphertext may be brought to a new key, and overwritten when its person is erased.
        before_update("registrations_formervalue", "keep_all_but", ["former"]),
        never_deleted("registrations_formervalue"),
        web_may("registrations_phonechange", "SELECT, INSERT"),
        web_may("registrations_phonechange", "UPDATE", columns=["tries", "used_at"]),
        wall("registrations_phonechange", OWN_APPLICANT),
        before_update("registrations_phonechange", "set_once", ["used_at"]),
        web_may("registrations_registration", "UPDATE", columns=ANSWERS),
        migrations.RunSQL(IN_TIME, NOT_IN_TIME),
        # A statement about disability can be changed and taken back, by its person alone.
        web_may("registrations_disability", "DELETE"),
        web_may("registrations_disabilityneed", "DELETE"),
        migrations.RunSQL(former_steps.reverse_sql, former_steps.sql),
        transitions({old: tuple(sorted(steps)) for old, steps in IDENTITY_TRANSITIONS.items()}),
        migrations.RunSQL(former_keep.reverse_sql, former_keep.sql),
        before_update(IDENTITY, "keep_all_but", [*CHECKED, "regency_id", "updated_at"]),
        migrations.RunSQL(FOLLOW, NO_FOLLOW),
    ]
