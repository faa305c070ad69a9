"""The store room: the only one that writes. What is saved here survives kill, power cut, full disk.

`Store` keeps a project's records, data and runs under `.blase`; the functions write any other
file the same way, whole or not at all.
"""

from __future__ import annotations

from blase_lab.store.atomic import (
    append,
    copy_file,
    link_new,
    make_folder,
    remove,
    remove_tree,
    replace,
    write_bytes,
    write_file,
    write_text,
)
from blase_lab.store.checkpoints import Checkpoint
from blase_lab.store.clock import utc_now
from blase_lab.store.place import FORMAT
from blase_lab.store.redact import redact
from blase_lab.store.refs import Ref
from blase_lab.store.scrub import ScrubReport
from blase_lab.store.staging import Staging
from blase_lab.store.store import FOLDER, Store
from blase_lab.store.sweep import SweepReport
from blase_lab.store.verify import Damage, VerifyReport

__all__ = [
    "FOLDER",
    "FORMAT",
    "Checkpoint",
    "Damage",
    "Ref",
    "ScrubReport",
    "Staging",
    "Store",
    "SweepReport",
    "VerifyReport",
    "append",
    "copy_file",
    "link_new",
    "make_folder",
    "redact",
    "remove",
    "remove_tree",
    "replace",
    "utc_now",
    "write_bytes",
    "write_file",
    "write_text",
]
