"""The facts of the machine and the software that a result may depend on, where they are cheap."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import platform
import sys
import time
from functools import lru_cache
from pathlib import Path

# fmt: off
_PACKAGES = (
    "blase-lab", "dask", "distributed", "keras", "numpy", "pandas", "polars", "pyarrow",
    "scikit-learn", "scipy", "tensorflow", "zarr", "zarrs",
)
# fmt: on
_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_DETERMINISTIC_OPS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_MAX_CPU_ISA",
    "XLA_FLAGS",
    "NVIDIA_TF32_OVERRIDE",
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
)
_PROCESSOR_FACTS = {"model name": "processor", "flags": "processor flags"}
_FLAGS_THAT_MATTER = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "amx_bf16")


def environment() -> dict[str, str]:
    """Return what is known of Python, packages, processor, threads and settings, by name.

    Nothing heavy is imported: versions come from the packages' metadata.
    """
    facts = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": f"{platform.system()} {platform.machine()}",
        "byte order": sys.byteorder,
        "processors": str(_usable_processors()),
        "locale": ".".join(part or "C" for part in locale.getlocale()),
        "time zone": " ".join(time.tzname),
        **_processor(),
        **_packages(),
    }
    facts.update({name: os.environ.get(name, "unset") for name in _VARIABLES})
    return dict(sorted(facts.items()))


def _usable_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def _processor() -> dict[str, str]:
    """Return the processor's model and the instruction sets that change results."""
    facts = {"processor": platform.processor() or platform.machine(), "processor flags": ""}
    place = Path("/proc/cpuinfo")
    if not place.is_file():
        return facts
    for line in place.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in _PROCESSOR_FACTS:
            facts[_PROCESSOR_FACTS[name.strip()]] = value.strip()
    flags = set(facts["processor flags"].split())
    facts["processor flags"] = " ".join(flag for flag in _FLAGS_THAT_MATTER if flag in flags)
    return facts


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[f"package {name}"] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[f"package {name}"] = "absent"
    return found
