#!/bin/sh
# Installs Debian or Ubuntu packages that are missing: install_system.sh PACKAGE...
set -eu
missing=
for package in "$@"; do
    case $package in
        bubblewrap) command -v bwrap >/dev/null || missing="$missing $package" ;;
        nodejs) command -v node >/dev/null || missing="$missing $package" ;;
        runsc) command -v runsc >/dev/null || missing="$missing $package" ;;
        npm) command -v npm >/dev/null || missing="$missing $package" ;;
        chromium) command -v chromium >/dev/null || missing="$missing $package" ;;
        *) dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "Installing$missing ..."
become=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These system packages are missing:$missing. Ask an administrator to run: apt-get install$missing" >&2
        exit 1
    fi
    become=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$become apt-get update -qq
# Not every version of Debian and Ubuntu has it; what is about gVisor is then left out of the tests.
if ! apt-cache show runsc >/dev/null 2>&1; then
    missing=$(echo "$missing" | sed 's/ runsc\b//')
fi
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # a list of words
$become apt-get install -y -qq --no-install-recommends $missing >/dev/null
