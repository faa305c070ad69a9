#!/bin/sh
# Pins every requirement file again. They hold hashes and no index address.
set -eu
cd "$(dirname "$0")/.."
compile() {
  out=$1; shift
  uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
    --python-version 3.11 "$@" --output-file "requirements/$out"
}
compile uv.txt requirements/uv.in
compile build.txt requirements/build.in
compile demo.txt pyproject.toml requirements/build.in --extra demo
compile test.txt pyproject.toml requirements/build.in --extra demo --extra test
compile docs.txt pyproject.toml requirements/build.in --extra docs
compile gpu.txt pyproject.toml requirements/build.in --extra demo --extra gpu
