#!/bin/sh
# Gets Chromium for the browser tests: the one that is installed, or the distribution's package, as root or by sudo.
set -eu
cd "$(dirname "$0")/.."

place=.browser
[ -e "$place/.ready" ] && { touch "$place/.ready"; exit 0; }
mkdir -p "$place"
found() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }
if [ -z "$(found)" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "The browser tests need Chromium: install it, so that 'chromium' is on PATH." >&2
        exit 1
    fi
    echo "Installing chromium ..."
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends chromium fonts-noto-core >/dev/null || true
    if [ -z "$(found)" ]; then
        echo "Chromium could not be installed. Install it (apt-get install chromium) and run make again." >&2
        exit 1
    fi
fi
touch "$place/.ready"
