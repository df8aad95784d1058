"""Who is asking, and what that person may see. Fails closed: the empty scope sees no person's row."""

import json
from dataclasses import dataclass, field, replace
from uuid import UUID

PROVINCE_ROLES = frozenset({"planner", "approver"})
OFFICE_ROLES = frozenset({"mentor", "office_head"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Ids only. `roles` are those of the memberships that are valid now."""

    user_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    regency_ids: frozenset[int] = field(default_factory=frozenset)
    applicant_id: UUID | None = None

    @property
    def is_province(self) -> bool:
        return bool(self.roles & PROVINCE_ROLES)

    @property
    def sees_all(self) -> bool:
        return self.is_province or "auditor" in self.roles

    @property
    def is_office(self) -> bool:
        return bool(self.roles & OFFICE_ROLES)

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

    def as_setting(self) -> str:
        """The JSON that row-level security reads (records.walls)."""
        return json.dumps(
            {
                "user": str(self.user_id) if self.user_id else None,
                "all": self.sees_all,
                "province": self.is_province,
                "auditor": "auditor" in self.roles,
                "regencies": sorted(self.regency_ids),
                "applicant": str(self.applicant_id) if self.applicant_id else None,
            }
        )


NOBODY = Scope()
