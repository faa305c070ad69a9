"""What holds for every test: nothing is proven in the background unless a test asks for it."""

from __future__ import annotations

import os

os.environ.setdefault("BLASE_PROVE", "off")
