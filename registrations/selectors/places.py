"""Places as validation and forms need them."""

from collections.abc import Iterable
from dataclasses import dataclass

from clusters.models import District, Regency, Village


@dataclass(frozen=True)
class Places:
    """Known places: primary keys of villages, and district codes of six digits without dots."""

    villages: frozenset[int]
    districts: frozenset[str]


NOWHERE = Places(frozenset(), frozenset())


def all_places() -> Places:
    return Places(
        villages=frozenset(Village.objects.values_list("pk", flat=True)),
        districts=frozenset(str(pk) for pk in District.objects.values_list("pk", flat=True)),
    )


def named_places(*, village_id: int, numbers: Iterable[str]) -> Places:
    """Of all places only those that one person's village, NIK and KK name."""
    districts = {int(number[:6]) for number in numbers if number[:6].isascii() and number[:6].isdigit()}
    return Places(
        villages=frozenset(Village.objects.filter(pk=village_id).values_list("pk", flat=True)),
        districts=frozenset(str(pk) for pk in District.objects.filter(pk__in=districts).values_list("pk", flat=True)),
    )


def regency_of(village_id: int) -> int:
    """The regency's primary key: official codes nest, and primary keys are the codes without dots."""
    return village_id // 1_000_000


def regencies() -> list[tuple[int, str]]:
    """(primary key, name) in the official order, as for a list of options; likewise the two below."""
    return list(Regency.objects.values_list("pk", "name"))


def districts_of(regency_id: int) -> list[tuple[int, str]]:
    return list(District.objects.filter(regency_id=regency_id).order_by("name", "pk").values_list("pk", "name"))


def villages_of(district_id: int) -> list[tuple[int, str]]:
    return list(Village.objects.filter(district_id=district_id).order_by("name", "pk").values_list("pk", "name"))


def blank_spot_name(village_id: int) -> str:
    """The village's name where the list calls it remote or without signal, else empty."""
    return Village.objects.filter(pk=village_id, blank_spot__isnull=False).values_list("name", flat=True).first() or ""
