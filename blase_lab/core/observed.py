"""What observations say of a step: what cannot be known of it, and each thing in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from blase_lab.core.records import Observation

_DIGITS = 12


def all_flags(captured: Iterable[str], observations: Iterable[Observation]) -> tuple[str, ...]:
    """Return the flags of a step's code, and what running it showed beside them."""
    known = tuple(captured)
    seen = (
        flag
        for flag in observed_flags(observations)
        if not any(each.startswith(flag) for each in known)
    )
    return (*known, *seen)


def observed_flags(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Return what the observations say about the limits of what can be known of a step."""
    listed = tuple(observations)
    written = {(each.kind, each.name) for each in listed if each.mode == "write"}
    flags = [_flag(each, written) for each in listed]
    return tuple(dict.fromkeys(flag for flag in flags if flag))


def _flag(each: Observation, written: Collection[tuple[str, str]]) -> str:
    if each.kind == "random":
        return f"draws unseeded randomness: {each.name}"
    if each.kind == "program":
        return f"starts program `{each.name}`: what it reads is not seen"
    if each.kind == "socket":
        return f"opens a socket: {each.name}"
    if each.mode == "read" and (each.kind, each.name) in written:
        return f"reads and writes {each.kind} `{each.name}`: a change of it is not seen"
    return ""


def held(observation: Observation) -> str:
    """Say what is known of the content of what was touched; the value of a variable never is."""
    if observation.kind == "program":
        return "what a program reads is not seen"
    if observation.kind == "random":
        return "drawn without a seed of its own"
    if observation.kind == "socket":
        return "what came through is not seen"
    if observation.mode == "write":
        return "written by the step"
    if observation.digest is None:
        return _WITHOUT[observation.kind]
    return observation.digest[:_DIGITS]


_WITHOUT = {
    "file": "not there",
    "folder": "not there",
    "variable": "not set",
    "module": "installed: its version is in the environment",
}
