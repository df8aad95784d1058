"""Places as validation and forms need them."""

from collections.abc import Iterable
from dataclasses import dataclass

from clusters.models import District, Village


@dataclass(frozen=True)
class Places:
    """Known places: primary keys of villages, and district codes of six digits without dots."""

    villages: frozenset[int]
    districts: frozenset[str]


def all_places() -> Places:
    return Places(
        villages=frozenset(Village.objects.values_list("pk", flat=True)),
        districts=frozenset(str(pk) for pk in District.objects.values_list("pk", flat=True)),
    )


def named_places(*, village_id: int | None, numbers: Iterable[str]) -> Places:
    """Of all places only those that one person's village, NIK and KK name."""
    districts = {int(number[:6]) for number in numbers if number[:6].isascii() and number[:6].isdigit()}
    return Places(
        villages=frozenset(Village.objects.filter(pk=village_id).values_list("pk", flat=True)),
        districts=frozenset(str(pk) for pk in District.objects.filter(pk__in=districts).values_list("pk", flat=True)),
    )


def regency_of(village_id: int) -> int:
    """The regency's primary key: official codes nest, and primary keys are the codes without dots."""
    return village_id // 1_000_000
