"""The one table of a wave's states. A trigger holds the same pairs, so that plain SQL cannot skip a state either."""

TRANSITIONS: dict[str, frozenset[str]] = {
    "draft": frozenset({"open", "cancelled"}),
    "open": frozenset({"closed", "cancelled"}),
    "closed": frozenset({"open", "frozen", "cancelled"}),
    "frozen": frozenset({"closed", "drawn", "cancelled"}),
    "drawn": frozenset({"published", "frozen"}),
    "published": frozenset({"running"}),
    "running": frozenset({"finished"}),
    "finished": frozenset(),
    "cancelled": frozenset(),
}
