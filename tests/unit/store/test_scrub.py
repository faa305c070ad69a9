"""`blase scrub`, the store's part: afterwards the value is in no byte, and all else is equal."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrub_samples import SECRET, bytes_below, full_store, holds, step

from blase_lab.core.errors import StoreError
from blase_lab.core.records import Bundle, Ended, Step
from blase_lab.store import Store
from blase_lab.store.redact import HIDDEN, spellings
from blase_lab.store.scrub import Scrubbed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a store that holds the secret in every kind of file."""
    return full_store(tmp_path)


def test_a_dry_run_names_every_place_and_changes_nothing(store: Store) -> None:
    """What is named is where it stands, never what it is; not a byte is written."""
    before = bytes_below(store.root)
    report = store.scrub(SECRET)
    assert bytes_below(store.root) == before
    assert report.is_dry_run
    assert SECRET not in repr(report)
    named = {place.partition("/")[0] for place in report.places}
    assert named == {
        *("records", "events", "live", "control", "blobs", "checkpoints", "quarantine"),
        *("reruns", "tmp", "refs", "notes.txt"),
    }


def test_after_the_scrub_the_value_is_in_no_byte_of_the_store(store: Store) -> None:
    """Plain, in a zip, escaped in JSON, in quarantine: it is gone, and the store is whole."""
    report = store.scrub(SECRET, dry_run=False)
    assert report.left == ()
    assert holds(store.root, SECRET) == []
    assert store.verify().damaged == ()


def test_what_did_not_hold_the_value_is_equal_to_the_byte(store: Store) -> None:
    """Records, blobs and events without it keep their names and bytes."""
    before = bytes_below(store.root)
    touched = set(store.scrub(SECRET).places)
    store.scrub(SECRET, dry_run=False)
    after = bytes_below(store.root)
    for name, data in before.items():
        is_touched = any(name == each or name.startswith(f"{each}/") for each in touched)
        if not is_touched and not name.startswith(("index", "locks", "checkpoints/run/best")):
            assert after[name] == data, name


def test_names_still_lead_to_their_records(store: Store) -> None:
    """A record that is named by its content gets another id, and its ref points there."""
    target = store.refs.resolve("step", "plain").target
    old = store.refs.resolve("step", "fetch").target
    store.scrub(SECRET, dry_run=False)
    again = Store.open(store.folder)
    ref = again.refs.resolve("step", "fetch")
    assert ref.target != old
    assert not again.ledger.has(Step, old)
    found = again.ledger.get(Step, ref.target)
    assert found.cell == f"%%blase_source\npassword = '{HIDDEN}'"
    assert found.digests == step("fetch", "x").digests
    assert again.refs.resolve("step", "plain").target == target


def test_a_record_that_names_a_changed_blob_names_the_new_one(store: Store) -> None:
    """The chain from a record through a blob to another blob holds."""
    store.scrub(SECRET, dry_run=False)
    again = Store.open(store.folder)
    bundle = again.ledger.get(Bundle, "bundle")
    listed = json.loads(again.blobs.get_text(bundle.files["list"]))
    assert again.blobs.get_text(listed["text"]) == f"token: {HIDDEN}\n"
    with zipfile.ZipFile(io.BytesIO(again.blobs.get(bundle.files["zip"]))) as opened:
        assert opened.read("config.json") == f'{{"key": "{HIDDEN}"}}'.encode()
        assert opened.read("weights.bin") == b"\xff\xfe\x00\x01"


def test_events_and_checkpoints_are_read_as_before(store: Store) -> None:
    """Logs keep their lines and checkpoints their order; the best stays the best."""
    store.scrub(SECRET, dry_run=False)
    again = Store.open(store.folder)
    events, _ = again.events.read("run")
    assert len(events) == 2
    assert isinstance(events[-1], Ended)
    assert events[-1].sentence == f"failed with {HIDDEN}"
    latest, best = again.checkpoints.latest("run"), again.checkpoints.best("run")
    assert latest is not None
    assert best is not None
    assert (best.epoch, best.batch) == (1, 1)
    assert best.files["notes.json"] == f'{{"said":"{HIDDEN}"}}'.encode()
    assert (latest.epoch, latest.batch) == (1, 2)
    assert latest.files["notes.json"] == b'{"said":"nothing"}'


def test_that_a_scrub_was_done_is_recorded_but_not_of_what(store: Store) -> None:
    """The ledger tells when and how many places; scrubbing again finds nothing."""
    places = store.scrub(SECRET, dry_run=False).places
    (found,) = Store.open(store.folder).ledger.list(Scrubbed)
    assert found.places == len(places)
    assert found.renamed >= 4
    assert SECRET not in repr(found)
    assert store.scrub(SECRET, dry_run=False).places == ()
    assert len(store.ledger.list(Scrubbed)) == 1


def test_an_amended_record_is_what_its_owner_makes_of_it(store: Store) -> None:
    """The project may add to a record that changed, and to no other."""
    seen = []

    def amend(kind: str, before: dict[str, object], after: dict[str, object]) -> dict[str, object]:
        seen.append((kind, before.get("name", "")))
        return {**after, "flags": ["cut"]} if kind == "step" else after

    store.scrub(SECRET, dry_run=False, amend=amend)
    again = Store.open(store.folder)
    assert again.ledger.get(Step, again.refs.resolve("step", "fetch").target).flags == ("cut",)
    assert again.ledger.get(Step, again.refs.resolve("step", "plain").target).flags == ()
    assert ("step", "plain") not in seen


def test_without_a_value_all_that_looks_like_a_secret_is_found(store: Store) -> None:
    """Records that an earlier version wrote are found by shape, and mended."""
    assert any(each.startswith("records/step") for each in store.scrub().places)
    store.scrub(dry_run=False)
    assert store.scrub().places == ()
    assert store.verify().damaged == ()


def test_a_running_training_is_not_scrubbed_under_its_feet(store: Store) -> None:
    """While a lock of a run is held nothing is changed, and the way out is said."""
    before = bytes_below(store.root)
    with store.lock("run-abc"), pytest.raises(StoreError, match="run-abc") as caught:
        Store.open(store.folder).scrub(SECRET, dry_run=False)
    assert "blase stop" in caught.value.way_out
    after = {name: data for name, data in bytes_below(store.root).items() if "locks" not in name}
    assert after == {name: data for name, data in before.items() if "locks" not in name}


def test_a_build_that_goes_on_is_not_scrubbed_under_its_feet(store: Store) -> None:
    """A staging of a living process refuses it too."""
    with store.arrays.stage("key") as staging:
        with pytest.raises(StoreError, match="is writing data"):
            store.scrub(SECRET, dry_run=False)
        staging.discard()


@pytest.mark.parametrize("value", ["", "abc", "   "])
def test_a_value_too_short_to_tell_is_refused(store: Store, value: str) -> None:
    """It would stand in too many places."""
    with pytest.raises(StoreError, match="at least 4"):
        store.scrub(value)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    secret=st.text(
        alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=6
    ).filter(lambda text: len(text.strip()) >= 6 and text not in HIDDEN and not text.isdigit()),
    around=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
)
def test_no_value_survives_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, secret: str, around: str
) -> None:
    """Quotes, backslashes, other alphabets: after the scrub no spelling is in any file."""
    store = Store.create(tmp_path_factory.mktemp("any"))
    for spelled in spellings(secret):
        text = f"x = {around}{spelled}{around}"
        target = store.ledger.put(step("any", text))
        store.blobs.put_text(text)
        number = len(store.refs.versions("step", "any"))
        store.refs.publish("step", "any", target, expected=number)
    store.scrub(secret, dry_run=False)
    again = Store.open(store.folder)
    for ref in again.refs.versions("step", "any"):
        cell = again.ledger.get(Step, ref.target).cell
        assert all(spelled not in cell for spelled in spellings(secret))
    for path in (store.root / "blobs").glob("*/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        assert secret not in path.read_text(encoding="utf-8")
    assert again.verify().damaged == ()
