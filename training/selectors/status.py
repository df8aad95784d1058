"""What a person's status page says, from the same rows the draw stored."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.scope import Scope
from clusters.models import Cluster
from registrations.models import Registration
from training.lottery import BLOCK_HEIGHT, leaf, proof_from_blocks
from training.models import Draw, DrawCutoff, DrawEntry, DrawResult, MerkleBlock, Placement, Wish


@dataclass(frozen=True)
class Outcome:
    """One person's result: `position` and `cutoff` count from 1; `cutoff` is that of the person's set, None if it got nothing.

    `reserved`: a group guarantee admitted the person.
    """

    draw: Draw
    result: DrawResult
    position: int
    cutoff: int | None
    total: int
    reserved: bool

    @property
    def admitted(self) -> bool:
        return self.result.admitted_pass >= 0


def own_registrations(scope: Scope) -> QuerySet[Registration]:
    """The person's registrations, newest wave first."""
    return (
        Registration.objects.within(scope)
        .filter(applicant_id=scope.applicant_id)
        .select_related("wave", "regency__office", "identity")
        .order_by("-wave__opens_at", "-id")
    )


def shown_first(registrations: list[Registration], scope: Scope, slug: str) -> Registration:
    """The registration that the page is about: the wave asked for, else one with an open offer, else the newest."""
    offered = set(
        Placement.objects.within(scope)
        .filter(registration__in=registrations, state=Placement.State.OFFERED)
        .values_list("registration_id", flat=True)
    )
    asked = [r for r in registrations if r.wave.slug == slug]
    return next(iter([*asked, *(r for r in registrations if r.pk in offered), *registrations]))


def cluster_names(registration: Registration) -> list[Cluster]:
    return [c for c in Cluster.objects.order_by("index") if registration.clusters >> c.index & 1]


def wishes_of(registration: Registration, scope: Scope) -> QuerySet[Wish]:
    return (
        Wish.objects.within(scope)
        .filter(registration=registration)
        .select_related("training_class__programme", "training_class__provider")
        .order_by("rank")
    )


def outcome_of(registration: Registration, scope: Scope) -> Outcome | None:
    """The result in the wave's published draw; None before publication or when the person was not on the list."""
    result = (
        DrawResult.objects.within(scope)
        .filter(registration=registration, draw__published_at__isnull=False)
        .exclude(draw__state=Draw.State.VOID)
        .select_related("draw", "training_class__programme", "training_class__provider")
        .first()
    )
    if result is None:
        return None
    draw = result.draw
    cutoff = DrawCutoff.objects.filter(
        draw=draw, regency=registration.regency_id, clusters=registration.clusters
    ).first()
    return Outcome(
        draw=draw,
        result=result,
        position=result.position + 1,
        cutoff=cutoff.position + 1 if cutoff else None,
        total=draw.list_size or 0,
        reserved=0 <= result.admitted_pass < draw.last_pass,
    )


def placement_of(registration: Registration, scope: Scope) -> Placement | None:
    """The newest placement, live or not."""
    return (
        Placement.objects.within(scope)
        .filter(registration=registration)
        .select_related("training_class__programme", "training_class__provider")
        .order_by("-created_at", "-id")
        .first()
    )


def own_line(registration: Registration, scope: Scope) -> dict[str, object] | None:
    """The person's line of the frozen list with salt and Merkle proof: enough to check it against the published root."""
    entry = (
        DrawEntry.objects.within(scope)
        .filter(registration=registration)
        .exclude(draw__state=Draw.State.VOID)
        .select_related("draw")
        .first()
    )
    if entry is None:
        return None
    block, index = divmod(entry.position, 1 << BLOCK_HEIGHT)
    blocks = MerkleBlock.objects.filter(draw=entry.draw)
    leaves = _hashes(blocks.get(level=0, index=block))
    roots = [h for part in blocks.filter(level=BLOCK_HEIGHT).order_by("index") for h in _hashes(part)]
    salt = bytes(entry.salt)
    assert leaves[index] == leaf(salt, entry.line)  # noqa: S101 - the tree and the list were stored in one transaction
    return {
        "wave": registration.wave.slug,
        "line": entry.line,
        "salt": salt.hex(),
        "index": entry.position,
        "count": entry.draw.list_size,
        "proof": [h.hex() for h in proof_from_blocks(leaves, index, roots, block)],
        "list_root": entry.draw.list_root,
    }


def _hashes(block: MerkleBlock) -> list[bytes]:
    data = bytes(block.hashes)
    return [data[i : i + 32] for i in range(0, len(data), 32)]
