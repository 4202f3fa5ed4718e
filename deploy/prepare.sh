# Sourced by the other scripts: what a fresh Debian or Ubuntu machine needs before anything is built.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
postgres_min=14

say() { printf '%s\n' "$*"; }

refuse() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Builds a project of src; what the build says is only shown when it fails.
build() {
  local said
  said="$(dotnet build "$root/src/OrleansCdp.$1" -c Release --verbosity quiet 2>&1)" || {
    say "$said" >&2
    refuse "The build failed."
  }
}

tool="$root/src/OrleansCdp.Cli/bin/Release/net10.0/cdp.dll"

# The tool gets the time its build began at: what changes while it is built is newer.
build_tool() {
  local begun
  begun="$(date +%s.%N)"
  build Cli
  touch -d "@$begun" "$tool"
}

# True when no source was written after the file was.
is_newer_than_sources() {
  [ -e "$1" ] || return 1
  local newer
  newer="$(find "$root/src" "$root/Directory.Packages.props" "$root/global.json" \
    \( -name bin -o -name obj \) -prune -o -type f -newer "$1" -print -quit)"
  [ -z "$newer" ]
}

require_dotnet() {
  command -v dotnet >/dev/null || refuse "The .NET 10 SDK is needed: install it, then run this again."
  local major
  major="$(cd "$root" && dotnet --version 2>/dev/null | cut -d. -f1)"
  [ "${major:-0}" -ge 10 ] || refuse "The .NET 10 SDK is needed; 'dotnet --version' says '${major:-none}'."
}

# True when the folder holds the programs of a server that is new enough.
postgres_is_usable() {
  [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
  local major
  major="$("$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')"
  [ "$major" -ge "$postgres_min" ]
}

postgres_is_installed() {
  local folder
  for folder in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)"; do
    [ -n "$folder" ] && postgres_is_usable "$folder" && return 0
  done
  return 1
}

# The package is installed without its ready-made cluster: this project starts a private one.
require_postgres() {
  postgres_is_installed && return 0
  command -v apt-get >/dev/null \
    || refuse "PostgreSQL $postgres_min or newer is needed: install it, then run this again."
  local admin=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null \
      || refuse "PostgreSQL $postgres_min or newer is needed: install the package 'postgresql' as root."
    admin=(sudo)
  fi

  say "No PostgreSQL $postgres_min or newer was found: installing the package 'postgresql'."
  local install=("${admin[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq)
  "${admin[@]}" apt-get update -qq || refuse "The package lists could not be read."
  "${install[@]}" postgresql-common >/dev/null || refuse "PostgreSQL could not be installed."
  "${admin[@]}" sed -i -E 's/^#? *create_main_cluster.*/create_main_cluster = false/' \
    /etc/postgresql-common/createcluster.conf
  "${install[@]}" postgresql >/dev/null || refuse "PostgreSQL could not be installed."
  postgres_is_installed || refuse "The packaged PostgreSQL is older than $postgres_min."
}

# Where the data lives unless told otherwise. PostgreSQL refuses to run as root, and the user who then runs it must be
# able to enter the folder's parents: nobody can enter a checkout under /root.
default_data() {
  local user
  if [ "$(id -u)" -eq 0 ]; then
    for user in postgres nobody; do
      id -u "$user" >/dev/null 2>&1 || continue
      setpriv --reuid="$user" --clear-groups test -x "$root" 2>/dev/null \
        || { printf /var/lib/orleanscdp; return; }
      break
    done
  fi
  printf %s "$root/.data"
}
