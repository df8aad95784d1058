"""The few places and clusters that a test needs."""

from typing import Any

from clusters.models import Cluster, Regency

CLUSTERS = ("PMI", "BOROBUDUR", "PHK", "AFIRMASI")


def make_clusters() -> list[Cluster]:
    for index, code in enumerate(CLUSTERS):
        names = {"code": code, "name_id": f"Klaster {code}", "name_en": code, "who_id": code, "who_en": code}
        Cluster.objects.get_or_create(index=index, defaults=names)
    return list(Cluster.objects.all())


def make_regency(regency_id: int = 3301, **fields: Any) -> Regency:
    """A kabupaten with this code; its name and place on the map follow from the code, unless `fields` say otherwise."""
    found: dict[str, Any] = {
        "code": f"{regency_id // 100}.{regency_id % 100:02}",
        "bps_code": str(regency_id),
        "name": f"Kabupaten {regency_id}",
        "kind": Regency.Kind.KABUPATEN,
        "seat": f"Kota {regency_id}",
        "tile_col": regency_id % 100,
        "tile_row": regency_id // 100,
    }
    return Regency.objects.get_or_create(pk=regency_id, defaults=found | fields)[0]
