"""For the sample province: takes everything and keeps nothing; the page /simulator/pesan/ shows the outbox itself."""

from records.gateways.base import Letter


class Simulator:
    name = "simulator"
    is_free = True

    def send(self, letter: Letter) -> str:
        return f"simulated-{letter.reference}"
