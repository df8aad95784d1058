import datetime

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import records.fields
import records.ids
from records.walls import ROLE, SEES_ALL, before_update, never_deleted, web_may, web_may_call

USER = "(SELECT app_user())"
SEEN_BY_RANK = "(SELECT app_is_province()) OR (SELECT app_is_auditor())"
HEADED = "office_id = ANY ((SELECT app_heads())::integer[])"
ABOUT_NOW = "BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'"

# Founding: no approver is in office, so that operators propose and approve the first of the province.
FUNCTIONS = """
CREATE FUNCTION app_is_operator() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce((app_scope() ->> 'operator')::boolean, false) $$;
CREATE FUNCTION app_is_approver() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce((app_scope() ->> 'approver')::boolean, false) $$;
CREATE FUNCTION app_heads() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(array(SELECT jsonb_array_elements_text(app_scope() -> 'heads')::integer), '{}') $$;
CREATE FUNCTION clusters_is_founding() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT app_is_operator() AND NOT EXISTS (
    SELECT 1 FROM clusters_membership, (SELECT (now() AT TIME ZONE 'Asia/Jakarta')::date AS today) AS clock
    WHERE role = 'approver' AND ended_at IS NULL AND valid_from <= today AND coalesce(valid_to, today) >= today) $$;
CREATE FUNCTION clusters_may_propose(role text, office integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(role IN ('mentor', 'office_head') AND office = ANY (app_heads()), false)
      OR role <> 'mentor' AND (app_is_province() OR clusters_is_founding()) $$;
CREATE FUNCTION clusters_may_decide(maker uuid, person uuid, office integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT app_user() <> maker AND app_user() IS DISTINCT FROM person
     AND (coalesce(office = ANY (app_heads()), false) OR app_is_approver() OR clusters_is_founding()) $$;
CREATE FUNCTION clusters_last_sign_in(person uuid) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (last_login AT TIME ZONE 'Asia/Jakarta')::date FROM accounts_user
  WHERE id = person AND (app_is_province() OR app_is_auditor() OR app_is_operator() OR EXISTS (
    SELECT 1 FROM clusters_membership m WHERE m.user_id = person AND m.office_id = ANY (app_heads()))) $$;
CREATE FUNCTION clusters_find_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE found uuid[]; BEGIN
  IF NEW.email IS NOT NULL OR NEW.phone_index IS NOT NULL THEN
    SELECT array_agg(id) INTO found FROM accounts_user
    WHERE lower(email) = lower(NEW.email) OR phone_index = NEW.phone_index;
    IF cardinality(found) > 1 THEN
      RAISE EXCEPTION 'the addresses belong to two accounts'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clusters_membershipproposal_one_account';
    END IF;
    NEW.user_id := found[1];
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER find_account BEFORE INSERT ON clusters_membershipproposal
  FOR EACH ROW EXECUTE FUNCTION clusters_find_account();
CREATE FUNCTION clusters_only_shorter() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE day date := (now() AT TIME ZONE 'Asia/Jakarta')::date; BEGIN
  IF OLD.valid_to IS NOT NULL AND (NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to) THEN
    RAISE EXCEPTION 'a membership only gets shorter' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.role IN ('approver', 'operator') THEN
    PERFORM pg_advisory_xact_lock(hashtext('clusters_membership ' || NEW.role));  -- or two would end each other
    IF NEW.ended_at IS NULL THEN day := NEW.valid_to + 1; END IF;
    IF NOT EXISTS (
      SELECT 1 FROM clusters_membership m JOIN accounts_user u ON u.id = m.user_id AND u.is_active
      WHERE m.role = NEW.role AND m.id <> NEW.id AND m.ended_at IS NULL AND m.valid_from <= day
        AND coalesce(m.valid_to, day) >= day) THEN
      RAISE EXCEPTION 'nobody else is %', NEW.role
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clusters_membership_last_of_role';
    END IF;
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER only_shorter BEFORE UPDATE ON clusters_membership FOR EACH ROW EXECUTE FUNCTION clusters_only_shorter();
"""
NO_FUNCTIONS = """
DROP TRIGGER only_shorter ON clusters_membership; DROP FUNCTION clusters_only_shorter();
DROP TRIGGER find_account ON clusters_membershipproposal; DROP FUNCTION clusters_find_account();
DROP FUNCTION clusters_last_sign_in(uuid); DROP FUNCTION clusters_may_decide(uuid, uuid, integer);
DROP FUNCTION clusters_may_propose(text, integer); DROP FUNCTION clusters_is_founding(); DROP FUNCTION app_heads();
DROP FUNCTION app_is_approver(); DROP FUNCTION app_is_operator();
"""
# A web request proposes and decides in its own name and at this hour; memberships come from the worker alone.
POLICIES = f"""
CREATE POLICY operator_read ON records_event FOR SELECT TO {ROLE}
  USING ((SELECT app_is_operator()) AND (actor_id = {USER} OR kind LIKE 'admin.%'));
DROP POLICY scope ON clusters_membership;
CREATE POLICY scope_read ON clusters_membership FOR SELECT TO {ROLE}
  USING (user_id = {USER} OR {SEEN_BY_RANK} OR (SELECT app_is_operator()) OR {HEADED});
CREATE POLICY scope_end ON clusters_membership FOR UPDATE TO {ROLE}
  USING (ended_at IS NULL AND ((SELECT app_is_province()) OR {HEADED}))
  WITH CHECK (ended_by_id = {USER} AND coalesce(ended_at {ABOUT_NOW}, true));
ALTER TABLE clusters_membershipproposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope_read ON clusters_membershipproposal FOR SELECT TO {ROLE}
  USING (proposed_by_id = {USER} OR {SEEN_BY_RANK} OR {HEADED} OR office_id IS NULL AND (SELECT clusters_is_founding()));
CREATE POLICY scope_add ON clusters_membershipproposal FOR INSERT TO {ROLE}
  WITH CHECK (proposed_by_id = {USER} AND state = 'proposed' AND proposed_at {ABOUT_NOW}
              AND clusters_may_propose(role, office_id));
CREATE POLICY scope_decide ON clusters_membershipproposal FOR UPDATE TO {ROLE}
  USING (state = 'proposed')
  WITH CHECK (decided_by_id = {USER} AND decided_at {ABOUT_NOW}
              AND (state = 'withdrawn' AND proposed_by_id = {USER}
                   OR state = 'refused' AND clusters_may_decide(proposed_by_id, user_id, office_id)
                   OR state = 'approved' AND clusters_may_decide(proposed_by_id, user_id, office_id)
                      AND now() < proposed_at + interval '7 days'));
"""
NO_POLICIES = f"""
DROP POLICY operator_read ON records_event;
DROP POLICY scope_decide ON clusters_membershipproposal; DROP POLICY scope_add ON clusters_membershipproposal;
DROP POLICY scope_read ON clusters_membershipproposal;
ALTER TABLE clusters_membershipproposal DISABLE ROW LEVEL SECURITY;
DROP POLICY scope_end ON clusters_membership; DROP POLICY scope_read ON clusters_membership;
CREATE POLICY scope ON clusters_membership TO {ROLE} USING (user_id = {USER} OR {SEES_ALL});
"""


class Migration(migrations.Migration):
    dependencies = [("clusters", "0002_walls"), ("accounts", "0006_invitations")]

    operations = [
        migrations.CreateModel(
            name='MembershipProposal',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('email', models.EmailField(max_length=254, null=True)),
                ('phone', records.fields.EncryptedField(aad='clusters.membershipproposal.phone', null=True)),
                ('phone_index', records.fields.BlindIndexField(max_length=32, null=True)),
                ('role', models.CharField(choices=[('mentor', 'Mentor'), ('office_head', 'Office Head'), ('planner', 'Planner'), ('approver', 'Approver'), ('auditor', 'Auditor'), ('operator', 'Operator')], max_length=12)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(null=True)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, help_text='why it was refused', max_length=300)),
                ('digest', models.CharField(blank=True, help_text='SHA-256 of what the second person was shown', max_length=64)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='membership',
            name='clusters_membership_two_persons',
        ),
        migrations.AddField(
            model_name='membership',
            name='end_reason',
            field=models.CharField(blank=True, editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name='membership',
            name='ended_at',
            field=models.DateTimeField(editable=False, help_text='the role ended here, before its last day', null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='ended_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='membershipproposal',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='membershipproposal',
            name='office',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='clusters.labouroffice'),
        ),
        migrations.AddField(
            model_name='membershipproposal',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='membershipproposal',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='membership',
            name='proposal',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='membership', to='clusters.membershipproposal'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted_by__isnull', True), ('role', 'operator')), models.Q(('approved_by__isnull', False), ('granted_by__isnull', False), models.Q(('granted_by', models.F('approved_by')), _negated=True)), _connector='OR'), name='clusters_membership_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('user')), _negated=True), _connector='OR'), name='clusters_membership_not_own'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('approved_by__isnull', True), ('granted_by__isnull', True)), fields=('role',), name='clusters_membership_first_operator'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(('ended_by__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='clusters_membership_end_reason'),
        ),
        migrations.AddConstraint(
            model_name='membershipproposal',
            constraint=models.CheckConstraint(condition=models.Q(('user__isnull', False), ('email__isnull', False), ('phone_index__isnull', False), _connector='OR'), name='clusters_membershipproposal_reachable'),
        ),
        migrations.AddConstraint(
            model_name='membershipproposal',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['mentor', 'office_head']), ('office__isnull', True), _connector='XOR'), name='clusters_membershipproposal_office'),
        ),
        migrations.AddConstraint(
            model_name='membershipproposal',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='clusters_membershipproposal_dates'),
        ),
        migrations.AddConstraint(
            model_name='membershipproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('decided_by', models.F('proposed_by')), ('state', 'withdrawn')), models.Q(('decided_at__isnull', False), ('state', 'refused'), models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('reason', ''), _negated=True)), models.Q(('decided_at__lt', django.db.models.expressions.CombinedExpression(models.F('proposed_at'), '+', models.Value(datetime.timedelta(days=7)))), ('digest__regex', '^[0-9a-f]{64}$'), ('state', 'approved'), models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('user__isnull', True), models.Q(('decided_by', models.F('user')), _negated=True), _connector='OR')), _connector='OR'), name='clusters_membershipproposal_decided'),
        ),
        migrations.AddConstraint(
            model_name='membershipproposal',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'proposed'), ('decided_by__isnull', False), _connector='OR'), name='clusters_membershipproposal_decider'),
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        web_may_call(
            *("app_is_operator()", "app_is_approver()", "app_heads()", "clusters_is_founding()"),
            *("clusters_may_propose(text, integer)", "clusters_may_decide(uuid, uuid, integer)"),
            "clusters_last_sign_in(uuid)",
        ),
        migrations.RunSQL(POLICIES, NO_POLICIES),
        web_may("clusters_membership", "UPDATE", columns=["valid_to", "ended_at", "ended_by_id", "end_reason"]),
        before_update("clusters_membership", "keep_all_but", ["valid_to", "ended_at", "ended_by_id", "end_reason"]),
        before_update("clusters_membership", "set_once", ["ended_at"]),
        never_deleted("clusters_membership"),
        web_may("clusters_membershipproposal", "SELECT, INSERT"),
        web_may(
            "clusters_membershipproposal", "UPDATE", columns=["state", "decided_by_id", "decided_at", "reason", "digest"]
        ),
        before_update(
            "clusters_membershipproposal",
            "keep_all_but",
            # a new key of encryption writes the number anew
            ["state", "decided_by_id", "decided_at", "reason", "digest", "phone", "phone_index"],
        ),
        before_update(
            "clusters_membershipproposal",
            "refuse_transition",
            ["proposed>approved", "proposed>refused", "proposed>withdrawn"],
        ),
        before_update(
            "clusters_membershipproposal", "set_once", ["decided_by_id", "decided_at", "reason", "digest"]
        ),
        never_deleted("clusters_membershipproposal"),
    ]
