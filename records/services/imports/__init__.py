"""The import engine: receive a file, read it in resumable steps, show what it would do, do it or not, undo it.

What a person asks for (`receive_file`, `set_mapping`, `decide`, `undo`) takes plain ids and returns the Job that the edge
starts with `records.tasks.start_on_commit`. `work` is one step of the worker. Reading: `preview`, `refused_rows`.
"""

from records.services.imports.clearing import clear
from records.services.imports.deciding import NotAllGood, NotUndoable, decide, undo
from records.services.imports.receiving import MappingIncomplete, receive_file, remembered_mapping, set_mapping
from records.services.imports.showing import Cell, PreviewRow, preview, problem_of, refused_rows
from records.services.imports.state import TASK, UnknownKind, WrongState, is_stuck, resource_class, resource_of
from records.services.imports.working import work

__all__ = [
    "TASK", "Cell", "MappingIncomplete", "NotAllGood", "NotUndoable", "PreviewRow", "UnknownKind", "WrongState", "clear",
    "decide", "is_stuck", "preview", "problem_of", "receive_file", "refused_rows", "remembered_mapping", "resource_class",
    "resource_of", "set_mapping", "undo", "work",
]  # fmt: skip
