"""All pairs of the matrix."""

from __future__ import annotations

import capture_pairs_classes
import capture_pairs_code
import capture_pairs_memory
import capture_pairs_modules
import capture_pairs_names
import capture_pairs_values
import capture_pairs_writing

PAIRS = (
    *capture_pairs_values.ALL,
    *capture_pairs_code.ALL,
    *capture_pairs_classes.ALL,
    *capture_pairs_names.ALL,
    *capture_pairs_modules.ALL,
    *capture_pairs_memory.ALL,
    *capture_pairs_writing.ALL,
)
