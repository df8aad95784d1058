"""Classes a person may wish for, and the wishes made."""

from django.db.models import QuerySet

from registrations.models import Registration
from training.models import TrainingClass


def classes_for(registration: Registration) -> QuerySet[TrainingClass]:
    """Classes of the person's wave and regency in the clusters of the person's set, by cluster and code."""
    clusters = [index for index in range(16) if registration.clusters >> index & 1]
    return TrainingClass.objects.filter(
        wave_id=registration.wave_id, regency_id=registration.regency_id, cluster_id__in=clusters
    ).order_by("cluster_id", "code")
