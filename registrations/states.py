"""The tables of states, of a registration and of its identity check; triggers hold the same pairs."""

TRANSITIONS: dict[str, frozenset[str]] = {
    "registered": frozenset({"joined", "withdrawn"}),
    "joined": frozenset({"withdrawn"}),
    "withdrawn": frozenset({"joined"}),
}

IDENTITY_TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"matched", "not_matched", "failed"}),
    "failed": frozenset({"matched", "not_matched"}),
    "matched": frozenset(),
    "not_matched": frozenset({"confirmed", "pending"}),
    "confirmed": frozenset(),
}
