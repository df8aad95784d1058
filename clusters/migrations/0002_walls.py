from django.db import migrations

from clusters.states import TRANSITIONS
from records.walls import SEES_ALL, append_only, before_update, never_deleted, touch, wall, web_may

PROVINCE = "(SELECT app_is_province())"
PUBLIC = ["regency", "district", "village", "blankspotvillage", "cluster", "clusterarea", "labouroffice", "ruleset"]


class Migration(migrations.Migration):
    dependencies = [("clusters", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        *[web_may(f"clusters_{table}", "SELECT") for table in [*PUBLIC, "dataset", "observation"]],
        web_may("clusters_membership", "SELECT"),
        wall("clusters_membership", f"user_id = (SELECT app_user()) OR {SEES_ALL}"),
        before_update("clusters_observation", "keep_all_but", ["superseded_by_id", "updated_at"]),
        never_deleted("clusters_observation"),
        touch("clusters_observation"),
        append_only("clusters_dataset"),
        web_may("clusters_quotadecision", "SELECT, INSERT"),
        wall("clusters_quotadecision", "true", check=PROVINCE),
        append_only("clusters_quotadecision"),
        web_may("clusters_wave", "SELECT, INSERT, UPDATE"),
        wall("clusters_wave", f"state <> 'draft' OR {SEES_ALL}", check=PROVINCE),
        before_update(
            "clusters_wave", "refuse_transition", [f"{old}>{new}" for old in TRANSITIONS for new in sorted(TRANSITIONS[old])]
        ),
        never_deleted("clusters_wave"),
        touch("clusters_wave"),
        web_may("clusters_quotasplit", "SELECT, UPDATE"),
        wall("clusters_quotasplit", f"published_at IS NOT NULL OR {SEES_ALL}", check=PROVINCE),
        before_update("clusters_quotasplit", "keep_all_but", ["published_by_id", "published_at", "updated_at"]),
        before_update("clusters_quotasplit", "set_once", ["published_by_id", "published_at"]),
        never_deleted("clusters_quotasplit"),
        touch("clusters_quotasplit"),
        web_may("clusters_quotacell", "SELECT"),
        wall("clusters_quotacell", "EXISTS (SELECT 1 FROM clusters_quotasplit s WHERE s.id = split_id)"),
        append_only("clusters_quotacell"),
    ]
