#!/bin/sh
# Makes .venv with what requirements.lock names, on a machine that has Python 3.11+ and little else.
set -eu
cd "$(dirname "$0")/.."

python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed." >&2
    exit 1
fi

can_make() { "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; }

if ! can_make; then
    # Debian and Ubuntu keep this part of Python in a package of its own.
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    echo "Installing $package ..."
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root apt-get -qq update && $as_root apt-get -qq install -y "$package" >/dev/null || true
    if ! can_make; then
        echo "Python's venv module is missing. Install it (apt-get install $package) and run make again." >&2
        exit 1
    fi
fi

[ -x .venv/bin/python ] && [ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
[ -x .venv/bin/uv ] || .venv/bin/pip --quiet --disable-pip-version-check install "uv>=0.13.9"
export UV_LINK_MODE=copy
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
touch .venv/.ready
