"""The one table of a registration's states; a trigger holds the same pairs.

Into `ineligible` and out of it only the re-check of the rules leads, never a request.
"""

TRANSITIONS: dict[str, frozenset[str]] = {
    "registered": frozenset({"joined", "withdrawn", "ineligible"}),
    "joined": frozenset({"withdrawn", "ineligible"}),
    "withdrawn": frozenset({"joined"}),
    "ineligible": frozenset({"registered", "joined"}),
}
