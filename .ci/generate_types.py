"""Make `labextension/src/generated/records.ts` from `blase_lab/core/records/`.

`python .ci/generate_types.py` writes the file; with `--check` it only says whether the file is up
to date, by its exit code. The result depends on nothing but the records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from blase_lab.core import records

TARGET = Path(__file__).parent.parent / "labextension" / "src" / "generated" / "records.ts"
ROOTS = {
    "ProjectView": records.ProjectView,
    "TrainingView": records.TrainingView,
    "Event": records.Event,
    "Control": records.Control,
    "Progress": records.Progress,
}
CHECKED = ("ProjectView", "TrainingView")
"""What the screen receives: these records and all they hold are checked on arrival."""
HEADER = (
    "// Made by .ci/generate_types.py from blase_lab/core/records/; changes here are lost.\n"
    "// A float that is not finite arrives as null and is decoded as NaN.\n"
)
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}

Schema = dict[str, Any]


def literals() -> dict[frozenset[str], str]:
    """The named literal types of the records module, by their values."""
    return {
        frozenset(get_args(value)): name
        for name, value in vars(records).items()
        if get_origin(value) is Literal
    }


def quote(value: str) -> str:
    """A TypeScript string literal."""
    return "'" + json.dumps(value, ensure_ascii=False)[1:-1].replace("'", "\\'") + "'"


def union(parts: list[str]) -> str:
    """The parts joined by `|`, each once."""
    return " | ".join(dict.fromkeys(parts))


def type_of(schema: Schema, names: dict[frozenset[str], str]) -> str:
    """The TypeScript type of one JSON schema."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/")
    if "enum" in schema:
        named = names.get(frozenset(schema["enum"]))
        return named or union([quote(value) for value in schema["enum"]])
    if "anyOf" in schema:
        return union([type_of(part, names) for part in schema["anyOf"]])
    if schema.get("type") == "array":
        return array_type(schema, names)
    if schema.get("type") == "object":
        return f"Readonly<Record<string, {type_of(schema['additionalProperties'], names)}>>"
    return PLAIN.get(schema.get("type", ""), "null" if schema else "unknown")


def array_type(schema: Schema, names: dict[frozenset[str], str]) -> str:
    """The TypeScript type of a list or of a tuple of fixed length."""
    if "prefixItems" in schema:
        parts = ", ".join(type_of(part, names) for part in schema["prefixItems"])
        return f"readonly [{parts}]"
    return f"ReadonlyArray<{type_of(schema['items'], names)}>"


def interface(name: str, schema: Schema, names: dict[frozenset[str], str]) -> str:
    """One record as an exported interface."""
    fields = "\n".join(
        f"  readonly {field}: {type_of(part, names)};"
        for field, part in schema["properties"].items()
    )
    return f"/** {schema['description']} */\nexport interface {name} {{\n{fields}\n}}\n"


def bare(schema: Schema) -> Schema:
    """The schema without what only a person reads, for the check on arrival."""
    kept = {
        key: value
        for key, value in schema.items()
        if key not in {"title", "description", "default", "discriminator", "required"}
    }
    if isinstance(properties := kept.get("properties"), dict):
        kept["properties"] = {field: bare(part) for field, part in properties.items()}
        kept.pop("additionalProperties", None)
    return kept


def reachable(components: dict[str, Schema]) -> dict[str, Schema]:
    """The checked records and all they refer to."""
    found: dict[str, Schema] = {}
    waiting = list(CHECKED)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = bare(components[name])
            text = json.dumps(found[name])
            waiting += [other for other in components if f'"#/{other}"' in text]
    return found


def generate() -> str:
    """The whole text of the TypeScript file."""
    schemas, components = msgspec.json.schema_components(ROOTS.values(), ref_template="#/{name}")
    names = literals()
    parts = [HEADER]
    parts += [
        f"export type {name} = {union([quote(value) for value in get_args(value_type)])};\n"
        for name, value_type in vars(records).items()
        if get_origin(value_type) is Literal
    ]
    parts += [interface(name, schema, names) for name, schema in components.items()]
    parts += [
        f"export type {name} = {type_of(schema, names)};\n"
        for name, schema in zip(ROOTS, schemas, strict=True)
        if name not in components
    ]
    checked = "\n".join(
        f"  {name}: {json.dumps(schema)}," for name, schema in reachable(components).items()
    )
    parts.append(f"/** What is checked on arrival. */\nexport const schemas = {{\n{checked}\n}};\n")
    return "\n".join(parts)


def main() -> int:
    """Write the file, or compare it; 1 says that the file on disk is out of date."""
    text = generate()
    if "--check" in sys.argv[1:]:
        fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
        print(f"{TARGET.name} is {'up to date' if fresh else 'out of date'}.")
        return 0 if fresh else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
