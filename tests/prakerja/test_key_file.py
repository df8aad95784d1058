import json
from pathlib import Path
from threading import Thread

from prakerja.embedded.state import PEPPERS, State, create_keys


def test_a_key_file_from_before_a_pepper_was_needed_gets_it_once_and_keeps_all_else(tmp_path: Path) -> None:
    state = State(tmp_path)
    create_keys(state.keys)
    content = json.loads(state.keys.read_text())
    del content["peppers"]["seal"]
    state.keys.write_text(json.dumps(content))
    starts = [Thread(target=state.ensure_keys) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    after = json.loads(state.keys.read_text())
    assert set(after["peppers"]) == set(PEPPERS)
    seal = after["peppers"].pop("seal")
    assert after == content and len(seal) == 44
    assert state.keys.stat().st_mode & 0o777 == 0o600
    state.ensure_keys()
    assert json.loads(state.keys.read_text())["peppers"]["seal"] == seal


def test_a_key_file_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.keys.write_text("rusak")
    state.ensure_keys()
    assert state.keys.read_text() == "rusak"
