"""What is given: classes, wishes, the draw, places."""

from training.models.catalogue import Programme, Provider, TrainingClass
from training.models.draws import Draw, DrawCutoff, DrawEntry, DrawPack, DrawResult, MerkleBlock
from training.models.erasure import Erasure
from training.models.grievances import Grievance, GrievanceStep
from training.models.places import Placement
from training.models.wishes import Wish, WishList

__all__ = [
    "Draw",
    "DrawCutoff",
    "DrawEntry",
    "DrawPack",
    "DrawResult",
    "Erasure",
    "Grievance",
    "GrievanceStep",
    "MerkleBlock",
    "Placement",
    "Programme",
    "Provider",
    "TrainingClass",
    "Wish",
    "WishList",
]
