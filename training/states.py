"""The tables of states of draws, placements, grievances and erasures; triggers hold the same pairs."""

DRAW_TRANSITIONS: dict[str, frozenset[str]] = {
    "freezing": frozenset({"frozen", "void"}),
    "frozen": frozenset({"rolled", "void"}),
    "rolled": frozenset({"frozen", "seeded", "void"}),
    "seeded": frozenset({"agreed", "disagreed", "void"}),
    "disagreed": frozenset({"void"}),
    "agreed": frozenset({"published", "void"}),
    "published": frozenset({"void"}),
    "void": frozenset(),
}
PLACEMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    "offered": frozenset({"accepted", "declined", "lapsed"}),
    "accepted": frozenset({"declined"}),
    "declined": frozenset(),
    "lapsed": frozenset(),
}
# An office that does not answer in time loses the case to the province; withdrawn is the asker's word.
GRIEVANCE_TRANSITIONS: dict[str, frozenset[str]] = {
    "received": frozenset({"working", "escalated", "withdrawn"}),
    "working": frozenset({"answered", "escalated", "withdrawn"}),
    "answered": frozenset({"escalated", "closed"}),
    "escalated": frozenset({"closed", "withdrawn"}),
    "closed": frozenset(),
    "withdrawn": frozenset(),
}
# From approved only the worker leads on.
ERASURE_TRANSITIONS: dict[str, frozenset[str]] = {
    "requested": frozenset({"proposed", "refused", "withdrawn"}),
    "proposed": frozenset({"approved", "refused", "withdrawn"}),
    "approved": frozenset({"done", "refused"}),
    "done": frozenset(),
    "refused": frozenset(),
    "withdrawn": frozenset(),
}
