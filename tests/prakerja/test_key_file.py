import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from prakerja.embedded.state import PEPPERS, State, create_keys, lock_keys
from prakerja.operations.keyfile import add_key


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


@pytest.mark.parametrize("change", [lambda path: State(path.parent).ensure_keys(), add_key])
def test_whoever_changes_the_key_file_waits_for_who_does_so_now(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    keys = State(tmp_path).keys
    create_keys(keys)
    before = json.loads(keys.read_text())
    del before["peppers"]["seal"]
    keys.write_text(json.dumps(before))
    held, changing = lock_keys(keys), Thread(target=change, args=[keys])
    changing.start()
    changing.join(0.3)
    assert json.loads(keys.read_text()) == before
    os.close(held)
    changing.join(10)
    assert json.loads(keys.read_text()) != before


def test_a_key_file_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.keys.write_text("rusak")
    state.ensure_keys()
    assert state.keys.read_text() == "rusak"
