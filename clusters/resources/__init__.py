"""Tables that arrive as files: the shipped reference data (clusters/data/) and deliveries of indicator figures.

One declaration serves `load_reference_data` (CSV, all or nothing) and the import pages of the province. Loading refuses a
file with missing columns, an unknown code, a key that stands twice or a bad value, and says in which line; nothing of such a
file is stored. Loading the same file again changes nothing.
"""

from clusters.resources.base import Named, ReferenceResource, RegionCode, Wrong
from clusters.resources.figures import PERIOD, IndicatorResource, ObservationResource
from clusters.resources.loading import BadFile, Counts, complaints, load_table, read_table
from clusters.resources.places import (
    BlankSpotResource,
    BorobudurAreaResource,
    ClusterResource,
    DistrictResource,
    LabourOfficeResource,
    RegencyResource,
    VillageResource,
)

__all__ = [
    "PERIOD",
    "BadFile",
    "BlankSpotResource",
    "BorobudurAreaResource",
    "ClusterResource",
    "Counts",
    "DistrictResource",
    "IndicatorResource",
    "LabourOfficeResource",
    "Named",
    "ObservationResource",
    "ReferenceResource",
    "RegencyResource",
    "RegionCode",
    "VillageResource",
    "Wrong",
    "complaints",
    "load_table",
    "read_table",
]
