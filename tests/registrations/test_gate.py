"""The gate to the registry: whatever happens in whatever order, it neither hammers a partner that is down nor stays shut."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from registrations.gate import COOL_DOWN, PROBE, TRIP, Gate

PER_MINUTE = 20


class GateMachine(RuleBasedStateMachine):
    """Workers that take what they may and hear back later, in any order, or never; against a plain account of it all."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.now = Gate(), datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)
        self.asked: list[int] = []  # batches that are out
        self.heard: list[bool] = []
        self.last_failure = self.now
        self.taken: dict[datetime, int] = {}
        self.probed_at: datetime | None = None

    def places(self) -> int:
        return self.gate.places(per_minute=PER_MINUTE, now=self.now)

    def failures(self) -> int:
        return next((number for number, answered in enumerate(reversed(self.heard)) if answered), len(self.heard))

    @rule(seconds=st.integers(0, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.places() > 0)
    @rule(wanted=st.integers(1, 8))
    def a_worker_takes(self, wanted: int) -> None:
        count = min(wanted, self.places())
        if self.gate.state(self.now) == "half_open":
            assert count == 1
            assert self.probed_at is None or self.now >= self.probed_at + PROBE, "one probe at a time"
            self.probed_at = self.now
        self.gate = self.gate.take(count, now=self.now)
        self.asked.append(count)
        minute = self.now.replace(second=0)
        self.taken[minute] = self.taken.get(minute, 0) + count

    @precondition(lambda self: bool(self.asked))
    @rule(data=st.data())
    def it_hears_back(self, data: st.DataObject) -> None:
        count = self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1)))
        answers = data.draw(st.lists(st.booleans() | st.just(False), min_size=count, max_size=count))
        self.gate = self.gate.learn(answers, now=self.now)
        self.heard += answers
        self.probed_at = None
        self.last_failure = self.now

    @precondition(lambda self: bool(self.asked))
    @rule()
    def it_is_killed(self) -> None:
        self.asked.pop()

    @invariant()
    def it_is_closed_until_so_many_in_a_row_fail(self) -> None:
        assert (self.gate.state(self.now) == "closed") == (self.failures() < TRIP)

    @invariant()
    def nothing_is_asked_while_it_cools_down(self) -> None:
        if self.failures() >= TRIP and self.now < self.last_failure + COOL_DOWN:
            assert self.places() == 0

    @invariant()
    def no_minute_gets_more_than_agreed(self) -> None:
        assert max(self.taken.values(), default=0) <= PER_MINUTE
        assert self.places() <= PER_MINUTE - self.taken.get(self.now.replace(second=0), 0)

    @invariant()
    def it_is_never_shut_for_good(self) -> None:
        later = self.now + max(COOL_DOWN, PROBE)
        assert self.gate.places(per_minute=PER_MINUTE, now=later) >= 1


TestGate = GateMachine.TestCase
TestGate.settings = settings(max_examples=60, stateful_step_count=30)


def test_one_answer_to_the_probe_lets_everybody_through_again() -> None:
    now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    gate = Gate().take(TRIP, now=now).learn([False] * TRIP, now=now)
    assert gate.state(now) == "open"
    later = now + COOL_DOWN
    probing = gate.take(1, now=later)
    assert (gate.state(later), probing.places(per_minute=PER_MINUTE, now=later)) == ("half_open", 0)
    assert probing.learn([False], now=later).state(later) == "open"
    closed = probing.learn([True], now=later)
    assert (closed.state(later), closed.places(per_minute=PER_MINUTE, now=later)) == ("closed", PER_MINUTE - 1)
