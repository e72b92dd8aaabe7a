#!/bin/sh
# Gets a MariaDB server for the tests into .mariadb/ from the distribution's own packages; root is not needed.
# A server that is installed (mariadbd, mysqld) is taken instead. tests/mariadb.py starts it.
set -eu
cd "$(dirname "$0")/.."

place=.mariadb
[ -e "$place/.ready" ] && { touch "$place/.ready"; exit 0; }
PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec"
if command -v mariadbd >/dev/null 2>&1 && command -v mariadb-install-db >/dev/null 2>&1; then
    mkdir -p "$place"
    touch "$place/.ready"
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
    echo "The tests need a MariaDB server: install mariadb-server (mariadbd and mariadb-install-db on PATH)." >&2
    exit 1
fi

rm -rf "$place"
mkdir -p "$place/lists/partial" "$place/archives/partial" "$place/debs" "$place/root"
root=$(pwd)/$place
known() { apt-cache $options --names-only search '^mariadb-server-core' | sort -r | head -n 1 | cut -d ' ' -f 1; }

# The package lists of the machine, or, where there are none (containers), lists of our own.
options="-o APT::Sandbox::User=$(id -un)"
server=$(known)
if [ -z "$server" ] || ! (cd "$place/debs" && apt-get -qq $options download "$server" >/dev/null 2>&1); then
    options="$options -o Dir::State::lists=$root/lists -o Dir::Cache=$root/archives -o Debug::NoLocking=1"
    apt-get -qq $options update
    server=$(known)
fi
if [ -z "$server" ]; then
    echo "No package mariadb-server-core is known here: install a MariaDB server by hand." >&2
    exit 1
fi

# What it stands on has other names in each distribution (libaio1, libaio1t64); what every machine has is left out.
needed=$(apt-cache $options depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$server" | sed -n 's/^ *|\{0,1\}Depends: \([a-z0-9.+-]*\)$/\1/p' |
    grep -vxE 'libc6|libgcc-s1|libstdc\+\+6|mariadb-common|mysql-common|passwd|perl|debconf' | sort -u)
# mariadb-install-db asks my_print_defaults, which comes with the client.
client=$(echo "$server" | sed s/server/client/)
cd "$place/debs"
for package in "$server" "$client" $needed; do
    ls "${package}"_*.deb >/dev/null 2>&1 || apt-get -qq $options download "$package"
done
for package in *.deb; do
    dpkg -x "$package" ../root
done
cd "$root"
rm -rf debs lists archives
[ -x root/usr/sbin/mariadbd ] || { echo "$server holds no mariadbd." >&2; exit 1; }
touch .ready
