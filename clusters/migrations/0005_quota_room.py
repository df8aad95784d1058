import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import records.ids
from records.walls import SEES_ALL, append_only, before_update, never_deleted, wall, web_may

PROVINCE = "(SELECT app_is_province())"
OPERATOR = "(SELECT app_is_operator())"
USER = "(SELECT app_user())"

# A wave gives out what the province was given: neither a size left undecided nor one part of it.
WAVE_DECISION = """
CREATE FUNCTION clusters_wave_decided() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM clusters_quotadecision
                 WHERE id = NEW.decision_id AND level = 'province' AND total IS NOT NULL) THEN
    RAISE EXCEPTION 'the decision of a wave must be the province''s and say a total'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clusters_wave_decided';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER decided BEFORE INSERT OR UPDATE OF decision_id ON clusters_wave
  FOR EACH ROW EXECUTE FUNCTION clusters_wave_decided();
"""
NO_WAVE_DECISION = "DROP TRIGGER decided ON clusters_wave; DROP FUNCTION clusters_wave_decided()"

OLD_GUARDS = """
DROP TRIGGER keep_all_but ON clusters_quotasplit; DROP TRIGGER set_once ON clusters_quotasplit;
"""
PUBLICATION = ["published_by_id", "published_at"]


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0004_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FigureChoice",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("value", models.DecimalField(decimal_places=3, max_digits=16, null=True)),
                ("reason", models.CharField(max_length=300)),
                ("chosen_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("name_id", models.CharField(max_length=80)),
                ("name_en", models.CharField(max_length=80)),
                ("code", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("unit", models.CharField(max_length=30)),
                (
                    "about_id",
                    models.CharField(blank=True, help_text="what is counted, and what to beware of", max_length=240),
                ),
                ("about_en", models.CharField(blank=True, max_length=240)),
                (
                    "of",
                    models.CharField(
                        blank=True,
                        help_text="the indicator a percentage is of, so that it can be turned into persons",
                        max_length=60,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="QuotaPolicy",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField(unique=True)),
                ("name", models.CharField(max_length=120)),
                ("rules", models.JSONField()),
                ("reason", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="Scenario",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "overrides",
                    models.JSONField(default=dict, help_text="overrides of the policy, as clusters.policy.Rules"),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(
                        default=1, help_text="counts up with each change, so that none is lost unseen"
                    ),
                ),
                ("archived", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-changed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ScenarioComment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=600)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="observation",
            name="clusters_observation_once",
        ),
        migrations.AddField(
            model_name="clusterarea",
            name="decree",
            field=models.CharField(blank=True, help_text="number of the decree that lists it", max_length=60),
        ),
        migrations.AddField(
            model_name="dataset",
            name="imported_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="dataset",
            name="licence",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="dataset",
            name="period",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="dataset",
            name="source",
            field=models.CharField(blank=True, help_text="where the whole delivery can be read", max_length=300),
        ),
        migrations.AddField(
            model_name="observation",
            name="sex",
            field=models.CharField(
                blank=True, choices=[("f", "Female"), ("m", "Male")], db_default="", default="", max_length=1
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="with_disability",
            field=models.BooleanField(help_text="of persons with a disability, without, or not told apart", null=True),
        ),
        migrations.AddField(
            model_name="quotadecision",
            name="cluster",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="clusters.cluster"),
        ),
        migrations.AddField(
            model_name="quotadecision",
            name="level",
            field=models.CharField(
                choices=[
                    ("national", "National"),
                    ("province", "Province"),
                    ("cluster", "Cluster"),
                    ("regency", "Regency"),
                ],
                default="province",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="quotadecision",
            name="parent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="clusters.quotadecision",
            ),
        ),
        migrations.AddField(
            model_name="quotadecision",
            name="regency",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="clusters.regency"),
        ),
        migrations.AddField(
            model_name="quotadecision",
            name="replaces",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="clusters.quotadecision",
            ),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="changes",
            field=models.JSONField(default=list, help_text="which inputs differ from the version before"),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="method",
            field=models.CharField(
                choices=[("two_stages", "Two Stages"), ("by_regency", "By Regency"), ("two_way", "Two Way")],
                default="two_stages",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="overrides",
            field=models.JSONField(default=dict, help_text="the scenario's overrides of the policy"),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="restores",
            field=models.ForeignKey(
                help_text="the version it goes back to",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clusters.quotasplit",
            ),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="shown_digest",
            field=models.CharField(blank=True, help_text="SHA-256 of what the second person was shown", max_length=64),
        ),
        migrations.AlterField(
            model_name="quotadecision",
            name="decree_number",
            field=models.CharField(max_length=60),
        ),
        migrations.AlterField(
            model_name="quotadecision",
            name="total",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="quotasplit",
            name="divisors",
            field=models.JSONField(
                help_text="persons per place by cluster code and regency id, as numerator and denominator"
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.UniqueConstraint(
                fields=(
                    "dataset",
                    "indicator",
                    "regency",
                    "cluster",
                    "wave",
                    "sex",
                    "with_disability",
                    "period",
                    "source",
                    "note",
                ),
                name="clusters_observation_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="quotadecision",
            constraint=models.UniqueConstraint(
                fields=("decree_number", "level", "cluster", "regency"),
                name="clusters_quotadecision_decree_number",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="quotadecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cluster__isnull", True),
                        ("level", "national"),
                        ("parent__isnull", True),
                        ("regency__isnull", True),
                    ),
                    models.Q(("cluster__isnull", True), ("level", "province"), ("regency__isnull", True)),
                    models.Q(
                        ("cluster__isnull", False),
                        ("level", "cluster"),
                        ("parent__isnull", False),
                        ("regency__isnull", True),
                    ),
                    models.Q(
                        ("cluster__isnull", True),
                        ("level", "regency"),
                        ("parent__isnull", False),
                        ("regency__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="clusters_quotadecision_level",
            ),
        ),
        migrations.AddField(
            model_name="figurechoice",
            name="chosen_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="figurechoice",
            name="observation",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clusters.observation"
            ),
        ),
        migrations.AddField(
            model_name="figurechoice",
            name="regency",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="clusters.regency"),
        ),
        migrations.AddField(
            model_name="figurechoice",
            name="indicator",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="clusters.indicator"),
        ),
        migrations.AddField(
            model_name="quotapolicy",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="copied_from",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clusters.scenario"
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="scenarios", to="clusters.wave"
            ),
        ),
        migrations.AddField(
            model_name="quotasplit",
            name="scenario",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clusters.scenario"
            ),
        ),
        migrations.AddField(
            model_name="scenariocomment",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="scenariocomment",
            name="scenario",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="clusters.scenario"
            ),
        ),
        migrations.AddIndex(
            model_name="figurechoice",
            index=models.Index(fields=["indicator", "regency", "-id"], name="clusters_choice_of"),
        ),
        migrations.AddConstraint(
            model_name="figurechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("observation__isnull", True), ("value__isnull", True), _connector="OR"),
                name="clusters_figurechoice_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="figurechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="clusters_figurechoice_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="figurechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__isnull", True), ("value__gte", 0), _connector="OR"),
                name="clusters_figurechoice_value",
            ),
        ),
        migrations.AddConstraint(
            model_name="quotapolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gt", 0)), name="clusters_quotapolicy_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived", False)), fields=("wave", "name"), name="clusters_scenario_name"
            ),
        ),
        web_may("clusters_indicator", "SELECT, INSERT, UPDATE"),
        wall("clusters_indicator", "true", check=OPERATOR),
        web_may("clusters_figurechoice", "SELECT, INSERT"),
        wall("clusters_figurechoice", SEES_ALL, check=f"{PROVINCE} AND chosen_by_id = {USER}"),
        append_only("clusters_figurechoice"),
        web_may("clusters_quotapolicy", "SELECT, INSERT"),
        wall("clusters_quotapolicy", SEES_ALL, check=f"{PROVINCE} AND author_id = {USER}"),
        append_only("clusters_quotapolicy"),
        web_may("clusters_scenario", "SELECT, INSERT, UPDATE"),
        wall("clusters_scenario", SEES_ALL, check=PROVINCE),
        before_update("clusters_scenario", "keep_all_but", ["name", "overrides", "revision", "archived", "changed_at"]),
        never_deleted("clusters_scenario"),
        web_may("clusters_scenariocomment", "SELECT, INSERT"),
        wall("clusters_scenariocomment", SEES_ALL, check=f"{PROVINCE} AND author_id = {USER}"),
        append_only("clusters_scenariocomment"),
        # Counts by sex and disability of one cell are small: they are for those who see every registrant anyway.
        wall("clusters_observation", f"indicator <> 'registrants_by_group' OR {SEES_ALL}"),
        migrations.RunSQL(WAVE_DECISION, NO_WAVE_DECISION),
        migrations.RunSQL(OLD_GUARDS, migrations.RunSQL.noop),
        before_update("clusters_quotasplit", "keep_all_but", [*PUBLICATION, "shown_digest", "updated_at"]),
        before_update("clusters_quotasplit", "set_once", [*PUBLICATION, "shown_digest"]),
    ]
