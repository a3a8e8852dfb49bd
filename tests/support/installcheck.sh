#!/bin/sh
# SPDX-License-Identifier: MIT
#
# installcheck.sh COMMAND LIBDIR PKGCONFIGDIR DATADIR: the installed command trains 20
# steps from a folder of no importance, and a program built with pkg-config
# does the same with the same bits.

set -e
command=$1 libdir=$2 pkgconfigdir=$3 datadir=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset LOCKSTEP_DATA
export LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PKG_CONFIG_PATH="$pkgconfigdir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

"$command" --version
"$command" train --epochs 1 --batch 3000 --quiet --save model.safetensors >out
expected=$(tail -n 1 out)

cat >example.c <<'END'
#include <lockstep.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	lockstep_dataset *data = NULL;
	lockstep_network *network = NULL;
	lockstep_error error;
	char fingerprint[65];
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;

	options.epochs = 1;
	options.batch = 3000;
	if (argc != 2 || lockstep_dataset_open(&data, argv[1], &error) ||
	    lockstep_network_create(&network, "784-30-10", NULL, &error) ||
	    lockstep_train(network, data, &options, &error)) {
		fprintf(stderr, "%s\n", argc == 2 ? error.message : "usage: example FOLDER");
		return 1;
	}
	lockstep_network_fingerprint(network, fingerprint);
	printf("fingerprint %s\n", fingerprint);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(data);
	return 0;
}
END
# shellcheck disable=SC2046
${CC:-cc} -std=c11 $("${PKG_CONFIG:-pkg-config}" --cflags lockstep) example.c -o example \
	$("${PKG_CONFIG:-pkg-config}" --libs lockstep)
test "$(./example "$datadir/mnist")" = "$expected"
echo "installed command and library: $expected"
