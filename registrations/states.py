"""The tables of states, of a registration and of its identity check; triggers hold the same pairs.

Into `ineligible` and out of it only the re-check of the rules leads, never a request. An identity check goes back to `pending`
whenever what the registry was asked about has changed; that is the database's doing.
"""

TRANSITIONS: dict[str, frozenset[str]] = {
    "registered": frozenset({"joined", "withdrawn", "ineligible"}),
    "joined": frozenset({"withdrawn", "ineligible"}),
    "withdrawn": frozenset({"joined"}),
    "ineligible": frozenset({"registered", "joined"}),
}

IDENTITY_TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"matched", "not_matched", "failed"}),
    "failed": frozenset({"matched", "not_matched", "pending"}),
    "matched": frozenset({"pending"}),
    "not_matched": frozenset({"confirmed", "pending"}),
    "confirmed": frozenset({"pending"}),
}
