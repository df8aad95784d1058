"""Who is asking, and what that person may see. Fails closed: the empty scope sees no person's row."""

import json
from dataclasses import dataclass, field, replace
from uuid import UUID

PROVINCE_ROLES = frozenset({"planner", "approver"})
OFFICE_ROLES = frozenset({"mentor", "office_head"})

# What a client of the API may be let to read (OAuth scopes).
IDENTITY = "registrations:identity"
API_SCOPES = {
    "waves:read": "Waves and the decrees that size them",
    "quota:read": "Quota splits, their cells and where each figure comes from",
    "observations:read": "Indicator figures with data set and source",
    "registrations:read": "Registrations; the NIK stays masked",
    IDENTITY: "The NIK in full: each one read is logged and shown to its person",
    "draws:read": "Draws, classes and placements",
    "statistics:read": "Numbers of people and places",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Ids only. `roles` are those of the memberships that are valid now."""

    user_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    regency_ids: frozenset[int] = field(default_factory=frozenset)
    applicant_id: UUID | None = None
    draft_id: UUID | None = None  # the draft of a registration that the session has opened
    head_ids: frozenset[int] = field(default_factory=frozenset)  # of regency_ids, where the role is office_head

    @property
    def is_province(self) -> bool:
        return bool(self.roles & PROVINCE_ROLES)

    @property
    def sees_all(self) -> bool:
        return self.is_province or bool(self.roles & {"auditor", "ministry"})

    @property
    def is_office(self) -> bool:
        return bool(self.roles & OFFICE_ROLES)

    @property
    def is_operator(self) -> bool:
        """Runs the portal; this role alone shows no person's row."""
        return "operator" in self.roles

    @property
    def actor_id(self) -> UUID:
        """The signed-in user, for acts that must name one; PermissionError when nobody is signed in."""
        if self.user_id is None:
            raise PermissionError("somebody must be signed in")
        return self.user_id

    @property
    def actor_role(self) -> str:
        """The role written into logs."""
        if self.roles:
            return min(self.roles)
        return "applicant" if self.applicant_id else "public"

    def as_applicant(self, applicant_id: UUID) -> "Scope":
        """The same asker, who has shown to be (or to be registering) this applicant."""
        return replace(self, applicant_id=applicant_id)

    def with_draft(self, draft_id: UUID) -> "Scope":
        """The same asker, who has begun this draft or opened it by its code."""
        return replace(self, draft_id=draft_id)

    def as_setting(self) -> str:
        """The JSON that row-level security reads (records.walls)."""
        return json.dumps(
            {
                "user": str(self.user_id) if self.user_id else None,
                "all": self.sees_all,
                "province": self.is_province,
                "auditor": "auditor" in self.roles,
                "operator": self.is_operator,
                "approver": "approver" in self.roles,
                "regencies": sorted(self.regency_ids),
                "heads": sorted(self.head_ids),
                "applicant": str(self.applicant_id) if self.applicant_id else None,
                "draft": str(self.draft_id) if self.draft_id else None,
            }
        )


NOBODY = Scope()
