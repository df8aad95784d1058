import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from records.walls import OWN_APPLICANT, OWN_REGENCY, ROLE, SEES_ALL, before_update, never_deleted, touch, web_may
from registrations.states import IDENTITY_TRANSITIONS

# A check is in the queue from the same statement on that adds its registration, one statement for any number of them. It
# runs with the owner's rights: a web request may not add what it likes.
ASK = """
INSERT INTO registrations_identitycheck
  (registration_id, applicant_id, wave_id, regency_id, state, differs, attempts, next_try, request_id, error, sight_reason,
   created_at, updated_at, as_of)
SELECT id, applicant_id, wave_id, regency_id, 'pending', '[]', 0, created_at, '', '', '', created_at, updated_at, as_of
"""
QUEUE = f"""
CREATE FUNCTION registrations_ask_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
  {ASK} FROM after;
  RETURN NULL; END $$;
CREATE TRIGGER ask_identity AFTER INSERT ON registrations_registration REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION registrations_ask_identity();
CREATE FUNCTION registrations_sign_what_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.state = 'confirmed' AND OLD.state <> 'confirmed' AND
     (NEW.sighted_by_id, NEW.sighted_at, NEW.sight_reason) IS DISTINCT FROM
     (OLD.sighted_by_id, OLD.sighted_at, OLD.sight_reason) THEN
    RAISE EXCEPTION 'who confirms leaves the sighting as it stands' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER sign_what_stands BEFORE UPDATE ON registrations_identitycheck
  FOR EACH ROW EXECUTE FUNCTION registrations_sign_what_stands();
"""
NO_QUEUE = """
DROP TRIGGER sign_what_stands ON registrations_identitycheck; DROP FUNCTION registrations_sign_what_stands();
DROP TRIGGER ask_identity ON registrations_registration; DROP FUNCTION registrations_ask_identity();
"""
BACKFILL = f"{ASK} FROM registrations_registration"
# An office decides about what did not match, in its own name and at this hour: saw the papers, signs what a colleague saw,
# gives that back, or has the registry asked again.
USER = "(SELECT app_user())"
ABOUT_NOW = "BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'"
POLICIES = f"""
ALTER TABLE registrations_identitycheck ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope_read ON registrations_identitycheck FOR SELECT TO {ROLE}
  USING ({SEES_ALL} OR {OWN_REGENCY} OR {OWN_APPLICANT});
CREATE POLICY scope_decide ON registrations_identitycheck FOR UPDATE TO {ROLE}
  USING ({OWN_REGENCY} AND state = 'not_matched')
  WITH CHECK ({OWN_REGENCY} AND (
    state = 'confirmed' AND confirmed_by_id = {USER} AND confirmed_at {ABOUT_NOW}
    OR state = 'not_matched' AND (sighted_by_id IS NULL OR sighted_by_id = {USER} AND sighted_at {ABOUT_NOW})
    OR state = 'pending'));
"""
NO_POLICIES = """
DROP POLICY scope_decide ON registrations_identitycheck; DROP POLICY scope_read ON registrations_identitycheck;
ALTER TABLE registrations_identitycheck DISABLE ROW LEVEL SECURITY;
"""
DECIDED = [
    *["state", "differs", "attempts", "next_try", "checked_at", "request_id", "error", "as_of"],
    *["sighted_by_id", "sighted_at", "sight_reason", "confirmed_by_id", "confirmed_at"],
]


class Migration(migrations.Migration):

    dependencies = [
        ('clusters', '0005_quota_room'),
        ('registrations', '0006_recheck'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RegistryGate',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('minute', models.DateTimeField(null=True)),
                ('taken', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='registrations_registrygate_one')],
            },
        ),
        migrations.CreateModel(
            name='IdentityCheck',
            fields=[
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('as_of', models.DateTimeField()),
                ('registration', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='identity', serialize=False, to='registrations.registration')),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('failed', 'Failed'), ('matched', 'Matched'), ('not_matched', 'Not Matched'), ('confirmed', 'Confirmed')], default='pending', max_length=12)),
                ('differs', models.JSONField(default=list, help_text='codes of registrations.dukcapil.NAMES, never values')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('request_id', models.CharField(blank=True, help_text="the registry's own", max_length=64)),
                ('error', models.CharField(blank=True, help_text='of the last try: class of the error, or HTTP status', max_length=60)),
                ('sighted_at', models.DateTimeField(null=True)),
                ('sight_reason', models.CharField(blank=True, max_length=300)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('applicant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.applicant')),
                ('confirmed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('regency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.regency')),
                ('sighted_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('wave', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.wave')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['pending', 'failed'])), fields=['next_try'], name='identity_due'), models.Index(condition=models.Q(('state', 'not_matched')), fields=['wave', 'regency'], name='identity_not_matched')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('checked_at__isnull', True), ('next_try__isnull', False), ('state__in', ['pending', 'failed'])), models.Q(('checked_at__isnull', False), ('next_try__isnull', True), ('state__in', ['matched', 'not_matched', 'confirmed'])), _connector='OR'), name='registrations_identitycheck_queue'), models.CheckConstraint(condition=models.Q(('state__in', ['not_matched', 'confirmed']), ('differs', []), _connector='XOR'), name='registrations_identitycheck_differs'), models.CheckConstraint(condition=models.Q(models.Q(('sight_reason', ''), ('sighted_at__isnull', True), ('sighted_by__isnull', True)), models.Q(('sighted_at__isnull', False), ('sighted_by__isnull', False), ('state__in', ['not_matched', 'confirmed']), models.Q(('sight_reason', ''), _negated=True)), _connector='OR'), name='registrations_identitycheck_sighted'), models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'confirmed'), _negated=True), ('confirmed_at__isnull', True), ('confirmed_by__isnull', True)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False), ('sighted_by__isnull', False), ('state', 'confirmed'), models.Q(('confirmed_by', models.F('sighted_by')), _negated=True)), _connector='OR'), name='registrations_identitycheck_two_persons')],
            },
        ),
        migrations.RunSQL(QUEUE, NO_QUEUE),
        web_may("registrations_identitycheck", "SELECT"),
        web_may("registrations_identitycheck", "UPDATE", columns=DECIDED),
        migrations.RunSQL(POLICIES, NO_POLICIES),
        before_update("registrations_identitycheck", "keep_all_but", [*DECIDED, "updated_at"]),
        before_update(
            "registrations_identitycheck",
            "refuse_transition",
            [f"{old}>{new}" for old in IDENTITY_TRANSITIONS for new in sorted(IDENTITY_TRANSITIONS[old])],
        ),
        touch("registrations_identitycheck"),
        never_deleted("registrations_identitycheck"),
        # Last: the trigger's lock keeps new registrations waiting, so none falls between it and this statement.
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
