#!/bin/sh
# Resolve the direct dependencies of both pyproject.toml into the requirements files, keeping every pin that still fits.
# Usage: scripts/lock.sh PATH_TO_UV [more options of `uv pip compile`, such as --upgrade]
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift

lock() {
    output=$1 && shift
    # An index address belongs to the machine that resolves, not to the file: uv writes none unless asked.
    "$uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --annotation-style line \
        --custom-compile-command "make lock" --output-file "$output" "$@" >/dev/null
    echo "wrote $output"
}

lock requirements.txt pyproject.toml "$@"
lock requirements-dev.txt pyproject.toml --group dev "$@"
lock requirements-spark35.txt --group spark35 "$@"
lock local_cloud/requirements.txt local_cloud/pyproject.toml --group local_cloud/pyproject.toml:test "$@"
