import django.core.validators
import django.db.models.deletion
import records.ids
from django.conf import settings
from django.db import migrations, models

from records.walls import (
    OWN_APPLICANT,
    OWN_REGENCY,
    ROLE,
    SEES_ALL,
    append_only,
    before_update,
    insert_only_wall,
    web_may,
)

USER = "(SELECT app_user())"
# An office begins in its own name and now. While the right runs, one of it at a time has the person open; when it has ended,
# all that is left is to put the person down. Claiming runs with the owner's rights, because nobody is known yet.
POLICIES = f"""
ALTER TABLE registrations_assistance ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope_read ON registrations_assistance FOR SELECT TO {ROLE} USING ({SEES_ALL} OR {OWN_REGENCY});
CREATE POLICY scope_add ON registrations_assistance FOR INSERT TO {ROLE}
  WITH CHECK ({OWN_REGENCY} AND assistant_id = {USER} AND holder_id = {USER} AND registration_id IS NULL
    AND claimed_at IS NULL AND began_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour');
CREATE POLICY scope_help ON registrations_assistance FOR UPDATE TO {ROLE}
  USING ({OWN_REGENCY} AND claimed_at IS NULL)
  WITH CHECK ({OWN_REGENCY} AND (holder_id IS NULL OR holder_id = {USER} AND ends_at > now()));
CREATE TRIGGER never_deleted BEFORE DELETE ON registrations_assistance FOR EACH ROW
  WHEN (OLD.registration_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
"""
NO_POLICIES = """
DROP TRIGGER never_deleted ON registrations_assistance;
DROP POLICY scope_help ON registrations_assistance; DROP POLICY scope_add ON registrations_assistance;
DROP POLICY scope_read ON registrations_assistance; ALTER TABLE registrations_assistance DISABLE ROW LEVEL SECURITY;
"""
# An office's draft is the office's, while its right runs; nobody else's session opens it, whatever id it names.
BEFORE = f"id = (SELECT app_draft()) OR {OWN_APPLICANT}"
DRAFTS = f"""
assistance_id IS NULL AND id = (SELECT app_draft()) OR {OWN_APPLICANT} OR EXISTS (
  SELECT 1 FROM registrations_assistance a WHERE a.id = assistance_id AND a.{OWN_REGENCY}
    AND a.ends_at > now() AND a.claimed_at IS NULL)"""
LOT_SEEN = "EXISTS (SELECT 1 FROM registrations_paperlot l WHERE l.id = lot_id)"
LOT_OWN = f"EXISTS (SELECT 1 FROM registrations_paperlot l WHERE l.id = lot_id AND l.{OWN_REGENCY})"


def policy(using: str) -> str:
    return f"DROP POLICY scope ON registrations_draft; CREATE POLICY scope ON registrations_draft TO {ROLE} USING ({using})"


class Migration(migrations.Migration):

    dependencies = [
        ('clusters', '0006_policy_says_why'),
        ('registrations', '0010_duplicates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Assistance',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('language', models.CharField(max_length=5)),
                ('consent_text', models.CharField(blank=True, help_text='version of the words that were said yes to', max_length=20)),
                ('signed_on', models.DateField(null=True)),
                ('captured_at', models.DateTimeField(help_text="filled in without a network: when, by the device's clock", null=True)),
                ('began_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(db_index=True)),
                ('claimed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PaperForm',
            fields=[
                ('number', models.CharField(max_length=10, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='PaperLot',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('size', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)])),
                ('issued_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='draft',
            name='registrations_draft_one_way_in',
        ),
        migrations.AddField(
            model_name='consent',
            name='taken_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='assistance',
            name='assistant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='assistance',
            name='holder',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='assistance',
            name='regency',
            field=models.ForeignKey(help_text='of the office that helps', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.regency'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='registration',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assistance', to='registrations.registration'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='applicant',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.applicant'),
        ),
        migrations.AddField(
            model_name='draft',
            name='assistance',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='draft', to='registrations.assistance'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('applicant__isnull', True), ('assistance__isnull', True)), models.Q(('applicant__isnull', True), ('code_index__isnull', True)), models.Q(('assistance__isnull', True), ('code_index__isnull', True)), _connector='OR'), name='registrations_draft_one_way_in'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='form',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assistance', to='registrations.paperform'),
        ),
        migrations.AddField(
            model_name='paperlot',
            name='issued_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='paperlot',
            name='regency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.regency'),
        ),
        migrations.AddField(
            model_name='paperform',
            name='lot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forms', to='registrations.paperlot'),
        ),
        migrations.AddIndex(
            model_name='assistance',
            index=models.Index(fields=['regency', 'ends_at'], name='assistance_of_office'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.UniqueConstraint(fields=('regency', 'holder'), name='registrations_assistance_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('began_at'))), name='registrations_assistance_ends'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('consent_text', ''), ('form__isnull', False), ('signed_on__isnull', False)), models.Q(('form__isnull', True), ('signed_on__isnull', True), models.Q(('consent_text', ''), _negated=True)), _connector='OR'), name='registrations_assistance_consent'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.CheckConstraint(condition=models.Q(('claimed_at__isnull', True), models.Q(('holder__isnull', True), ('registration__isnull', False)), _connector='OR'), name='registrations_assistance_claimed'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('applicant__isnull', True), ('registration__isnull', True)), models.Q(('applicant__isnull', False), ('registration__isnull', False)), _connector='OR'), name='registrations_assistance_person'),
        ),
        migrations.AddConstraint(
            model_name='paperlot',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1), ('size__lte', 50)), name='registrations_paperlot_size'),
        ),
        web_may("registrations_assistance", "SELECT, INSERT"),
        web_may("registrations_assistance", "UPDATE", columns=["holder_id", "registration_id", "applicant_id"]),
        migrations.RunSQL(POLICIES, NO_POLICIES),
        before_update("registrations_assistance", "keep_all_but", ["holder_id", "registration_id", "applicant_id", "claimed_at"]),
        before_update("registrations_assistance", "set_once", ["registration_id", "applicant_id", "claimed_at"]),
        migrations.RunSQL(policy(DRAFTS), policy(BEFORE)),
        web_may("registrations_paperlot", "SELECT, INSERT"),
        insert_only_wall("registrations_paperlot", f"{SEES_ALL} OR {OWN_REGENCY}", check=f"{OWN_REGENCY} AND issued_by_id = {USER}"),
        append_only("registrations_paperlot"),
        web_may("registrations_paperform", "SELECT, INSERT"),
        insert_only_wall("registrations_paperform", LOT_SEEN, check=LOT_OWN),
        append_only("registrations_paperform"),
    ]
