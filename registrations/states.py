"""The tables of states, of a registration and of its identity check; triggers hold the same pairs.

Into `ineligible` and out of it only the re-check of the rules leads, never a request.
"""

TRANSITIONS: dict[str, frozenset[str]] = {
    "registered": frozenset({"joined", "withdrawn", "ineligible"}),
    "joined": frozenset({"withdrawn", "ineligible"}),
    "withdrawn": frozenset({"joined"}),
    "ineligible": frozenset({"registered", "joined"}),
}

IDENTITY_TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"matched", "not_matched", "failed"}),
    "failed": frozenset({"matched", "not_matched"}),
    "matched": frozenset(),
    "not_matched": frozenset({"confirmed", "pending"}),
    "confirmed": frozenset(),
}
