"""The tables of states of draws and placements; triggers hold the same pairs."""

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
