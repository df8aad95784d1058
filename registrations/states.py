"""The one table of a registration's states; a trigger holds the same pairs."""

TRANSITIONS: dict[str, frozenset[str]] = {
    "registered": frozenset({"joined", "withdrawn"}),
    "joined": frozenset({"withdrawn"}),
    "withdrawn": frozenset({"joined"}),
}
