#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#	./quickstart.sh [OPTION...]   builds Lockstep in build/ and trains: lockstep train OPTION...
#	./quickstart.sh check         builds it and runs its tests
#
# Missing packages are installed with apt-get, where there is one; nothing is
# touched when nothing is missing. Safe to run again: only what is out of date
# is done. A step prints a line; build/quickstart.log has the rest.

set -euo pipefail
start_folder=$PWD
cd "$(dirname "$0")"
source_folder=$PWD
build=$source_folder/build
log=$build/quickstart.log

packages=(gcc make libc6-dev autoconf automake libtool autoconf-archive
	libhwloc-dev libjansson-dev libyaml-dev libsqlite3-dev libssl-dev zlib1g-dev)
check_packages=(g++ libcriterion-dev python3 python3-numpy python3-venv)
tools=(gcc make autoreconf automake libtoolize pkg-config)

checking=no
[[ ${1-} != check ]] || checking=yes
[[ $checking = no ]] || packages+=("${check_packages[@]}")

mkdir -p "$build"
: >"$log"

# step WORDS -- COMMAND...: runs the command with its output in the log.
step() {
	local words=$1 start=$SECONDS
	shift 2
	printf '%s ...' "$words" >&2
	if "$@" >>"$log" 2>&1; then
		echo " $((SECONDS - start)) s" >&2
	else
		echo " failed; the end of $log:" >&2
		tail -n 30 "$log" >&2
		exit 1
	fi
}

# A package of several architectures has a line for each.
is_installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

apt_install() {
	local as_root=()
	[[ $(id -u) = 0 ]] || as_root=(sudo)
	# An out-of-date list may still do; the installation tells.
	"${as_root[@]}" apt-get update || true
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

install_missing() {
	local missing=() package tool
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		for tool in "${tools[@]}"; do
			command -v "$tool" >/dev/null || missing+=("$tool")
		done
		[[ ${#missing[@]} -gt 0 ]] || return 0
		echo "missing: ${missing[*]}" >&2
		echo "this system has no apt-get; install what these Debian packages hold: ${packages[*]} pkg-config" >&2
		exit 1
	fi
	for package in "${packages[@]}"; do
		is_installed "$package" || missing+=("$package")
	done
	command -v pkg-config >/dev/null || missing+=(pkg-config)
	[[ ${#missing[@]} -gt 0 ]] || return 0
	if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
		echo "missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
		exit 1
	fi
	step "installing ${missing[*]}" -- apt_install "${missing[@]}"
}

configure() (
	cd "$build" && ../configure --quiet
)

# The packages that other programs read models and exports with, in an environment of their own.
make_venv() {
	local venv=$build/venv
	python3 -m venv --system-site-packages "$venv" &&
		"$venv/bin/pip" install --quiet --disable-pip-version-check safetensors numpy tensorboard
}

# Criterion may have come after the folder was configured.
is_configured() {
	[[ -f build/config.status ]] || return 1
	[[ $checking = no ]] || grep -q "^HAVE_CRITERION_TRUE=''" build/config.log
}

prepare() {
	install_missing
	[[ -f configure && configure -nt configure.ac ]] || step "generating configure" -- ./autogen.sh
	is_configured || step "configuring" -- configure
	step "building" -- make -C build -j"$(nproc)" --silent
}

# Sets `python` to one that has the packages, or to the system's.
find_python() {
	python=python3
	if python3 -c 'import numpy, safetensors, tensorboard' 2>/dev/null; then
		return
	elif "$build/venv/bin/python3" -c 'import numpy, safetensors, tensorboard' 2>/dev/null || make_venv >>"$log" 2>&1; then
		python=$build/venv/bin/python3
	else
		echo "safetensors or tensorboard could not be installed: the tests that read files with them are skipped" >&2
	fi
}

check() {
	local start=$SECONDS python status=0
	find_python
	printf 'testing ...' >&2
	make -C build -j"$(nproc)" --silent check PYTHON="$python" >>"$log" 2>&1 || status=$?
	echo " $((SECONDS - start)) s" >&2
	grep -E '^(FAIL|ERROR|SKIP|XPASS):' "$log" || true
	grep -E '^# [A-Z]+: ' "$log" || true
	[[ $status = 0 ]] || tail -n 200 build/test-suite.log >&2
	[[ $status = 0 ]] || echo "the tests failed; $build/test-suite.log has more" >&2
	exit $status
}

prepare
[[ $checking = no ]] || check
export LOCKSTEP_DATA=${LOCKSTEP_DATA-$source_folder/datasets}
cd "$start_folder"
exec "$build/lockstep" train "$@"
