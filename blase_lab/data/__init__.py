"""The data room: raw files to Snapshots to batches, chunk by chunk, inside a memory budget."""

from __future__ import annotations

from blase_lab.data import source_stored, source_text
from blase_lab.data.feed import Feed
from blase_lab.data.frames import array_path, read_frame
from blase_lab.data.ingest import ingest, look_at_files
from blase_lab.data.join import Join
from blase_lab.data.leakage import Examination, check_leakage
from blase_lab.data.memo import take_notes
from blase_lab.data.plan import plan_chunks
from blase_lab.data.scale import Method, apply_scaling, fit_scaling
from blase_lab.data.shuffle import Preparation, input_specs, prepare
from blase_lab.data.source import ChosenTable, Table, read_source, reads
from blase_lab.data.split import make_split
from blase_lab.data.transform import StepJob, apply_step, plan_step

__all__ = [
    "Examination",
    "Feed",
    "Preparation",
    "apply_scaling",
    "check_leakage",
    "fit_scaling",
    "input_specs",
    "make_split",
    "prepare",
    "ChosenTable",
    "Join",
    "Method",
    "StepJob",
    "Table",
    "apply_step",
    "array_path",
    "ingest",
    "look_at_files",
    "plan_chunks",
    "plan_step",
    "read_frame",
    "read_source",
    "reads",
    "source_stored",
    "source_text",
    "take_notes",
]
