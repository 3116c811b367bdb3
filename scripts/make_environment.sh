#!/bin/sh
# Makes the Python environment from the lock file, hashes checked: make_environment.sh PYTHON DIRECTORY
set -eu
python=$1
directory=$2
here=$(dirname "$0")

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Bailiwick needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    "$here/install_system.sh" "$version-venv"
fi
echo "Making the environment in $directory (a minute at the first time) ..."
"$python" -m venv --clear "$directory"
# The lock names every package; older versions of pip look for a package with an extra, which has no hash of its own.
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
    --no-deps -r "$here/../requirements.lock"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$here/.."
