"""What is scarce, and who administers it."""

from clusters.models.calendar import Holiday
from clusters.models.data import Dataset, FigureChoice, Indicator, Observation
from clusters.models.offices import LabourOffice, Membership, MembershipProposal
from clusters.models.places import (
    BlankSpotVillage,
    Cluster,
    ClusterArea,
    District,
    Named,
    Regency,
    Village,
    in_language,
)
from clusters.models.quota import QuotaCell, QuotaPolicy, QuotaSplit, Scenario, ScenarioComment
from clusters.models.waves import QuotaDecision, RuleSet, Wave

__all__ = [
    "BlankSpotVillage",
    "Cluster",
    "ClusterArea",
    "Dataset",
    "District",
    "FigureChoice",
    "Holiday",
    "Indicator",
    "LabourOffice",
    "Membership",
    "MembershipProposal",
    "Named",
    "Observation",
    "QuotaCell",
    "QuotaDecision",
    "QuotaPolicy",
    "QuotaSplit",
    "Regency",
    "RuleSet",
    "Scenario",
    "ScenarioComment",
    "Village",
    "Wave",
    "in_language",
]
