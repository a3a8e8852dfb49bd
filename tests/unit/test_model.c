/* SPDX-License-Identifier: MIT
 *
 * The model file: everything that a network carries comes back bit for bit, and
 * a file that is damaged, or says what is not so, is refused.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/signed_file.h"
#include "base/memory.h"
#include "lockstep/network.h"
#include "lockstep/version.h"
#include "net/network.h"

#define JOB "{\"epochs\":30,\"data\":\"\xc3\xa9 \\\"x\\\"\"}"

static const char *folder;
static char path[8192];

static void setup(void)
{
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/model.safetensors", folder);
}

static void teardown(void)
{
	test_remove_folder(folder);
}

TestSuite(model, .init = setup, .fini = teardown);

static struct lockstep_network *create(const char *layers, const struct lockstep_network_options *options)
{
	struct lockstep_network *network = NULL;
	lockstep_error error;
	cr_assert_eq(lockstep_network_create(&network, layers, options, &error), LOCKSTEP_OK, "%s", error.message);
	return network;
}

/* A small network as training leaves it, with all that a file can hold. */
static struct lockstep_network *create_trained(void)
{
	char *const names[] = {(char[]){"no"}, (char[]){"\xc3\xa9t\xc3\xa9, \"2\"\t"}};
	struct lockstep_network_options options = {LOCKSTEP_LEAKY_RELU, 0.25, LOCKSTEP_MULTILABEL, LOCKSTEP_INIT_HE,
	                                           UINT64_MAX};
	struct lockstep_network *network = create("3-4-2", &options);
	struct ls_scaling *scaling = &network->scaling;

	scaling->kind = LOCKSTEP_SCALE_STANDARDISE;
	scaling->n = 3;
	scaling->shift = ls_memory_allocate(3, sizeof(float));
	scaling->scale = ls_memory_allocate(3, sizeof(float));
	cr_assert(scaling->shift && scaling->scale);
	for (int i = 0; i < 3; i++) {
		scaling->shift[i] = (float)i / 3;
		scaling->scale[i] = 1e-40f * (float)i;
	}
	network->label_kind = LOCKSTEP_LABELS_MULTI;
	cr_assert_eq(ls_network_set_label_names(network, names, NULL), LOCKSTEP_OK);
	network->job = ls_memory_copy_text(JOB);
	cr_assert(network->job);
	return network;
}

static void save(const struct lockstep_network *network)
{
	lockstep_error error;
	cr_assert_eq(lockstep_network_save(network, path, &error), LOCKSTEP_OK, "%s", error.message);
}

static struct test_bytes save_trained(void)
{
	struct lockstep_network *network = create_trained();
	save(network);
	lockstep_network_destroy(network);
	return test_read_file(path);
}

static lockstep_status load_and_drop(lockstep_error *error)
{
	struct lockstep_network *network = NULL;
	lockstep_status status = lockstep_network_load(&network, path, error);
	cr_assert(!status || !network, "*out was touched");
	lockstep_network_destroy(network);
	return status;
}

static void expect_refusal(const char *cause)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(load_and_drop(&error), LOCKSTEP_ERROR_FORMAT, "%s, not '%s'", error.message, cause);
	cr_assert(strstr(error.message, path), "no path in '%s'", error.message);
	cr_assert(strstr(error.message, cause), "no '%s' in '%s'", cause, error.message);
	cr_assert_null(strchr(error.message, '\n'));
}

/* ---- Round trips ---------------------------------------------------------- */

static void expect_equal(const struct lockstep_network *found, const struct lockstep_network *wanted)
{
	const struct lockstep_network_options *a = &found->options, *b = &wanted->options;
	cr_assert_eq(found->n_layers, wanted->n_layers);
	for (size_t i = 0; i <= found->n_layers; i++)
		cr_assert_eq(lockstep_network_size(found, i), lockstep_network_size(wanted, i));
	cr_assert(a->hidden == b->hidden && a->loss == b->loss && a->init == b->init && a->seed == b->seed);
	cr_assert_arr_eq(&a->leaky_slope, &b->leaky_slope, sizeof a->leaky_slope);
	cr_assert_arr_eq(found->parameters, wanted->parameters, found->n_parameters * sizeof(float));
	cr_assert_eq(found->label_kind, wanted->label_kind);
	cr_assert_eq(found->scaling.kind, wanted->scaling.kind);
}

Test(model, gives_back_all_that_a_network_carries)
{
	struct lockstep_network *wanted = create_trained(), *found = NULL;
	wanted->parameters[0] = -0.0f;
	wanted->parameters[1] = 3e38f;
	wanted->parameters[2] = 1e-45f;
	save(wanted);
	cr_assert_eq(lockstep_network_load(&found, path, NULL), LOCKSTEP_OK);
	expect_equal(found, wanted);
	cr_assert_eq(found->scaling.n, 3);
	cr_assert_arr_eq(found->scaling.shift, wanted->scaling.shift, 3 * sizeof(float));
	cr_assert_arr_eq(found->scaling.scale, wanted->scaling.scale, 3 * sizeof(float));
	for (size_t i = 0; i < 2; i++)
		cr_assert_str_eq(lockstep_network_label_name(found, i), lockstep_network_label_name(wanted, i));
	cr_assert_str_eq(lockstep_network_job(found), JOB);
	lockstep_network_destroy(wanted);
	lockstep_network_destroy(found);
}

Test(model, gives_back_an_untrained_network)
{
	struct lockstep_network *wanted = create("1-1", NULL), *found = NULL;
	save(wanted);
	cr_assert_eq(lockstep_network_load(&found, path, NULL), LOCKSTEP_OK);
	expect_equal(found, wanted);
	cr_assert_eq(found->scaling.kind, LOCKSTEP_SCALE_AUTO);
	cr_assert_null(found->scaling.shift);
	cr_assert_null(found->label_names);
	cr_assert_null(lockstep_network_job(found));
	lockstep_network_destroy(wanted);
	lockstep_network_destroy(found);
}

Test(model, restores_every_double_of_the_leaky_slope)
{
	static const double slopes[] = {0, 1, 0.01, 0.1, 1.0 / 3, 0x1p-1074, 0x1.fffffffffffffp-1, 1e-300};
	for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
		struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
		options.leaky_slope = slopes[i];
		struct lockstep_network *wanted = create("2-1", &options), *found = NULL;
		save(wanted);
		cr_assert_eq(lockstep_network_load(&found, path, NULL), LOCKSTEP_OK);
		expect_equal(found, wanted);
		lockstep_network_destroy(wanted);
		lockstep_network_destroy(found);
	}
}

Test(model, gives_back_every_scaling_without_vectors)
{
	static const enum lockstep_scale kinds[] = {LOCKSTEP_SCALE_NONE, LOCKSTEP_SCALE_UNIT};
	for (size_t i = 0; i < 2; i++) {
		struct lockstep_network *wanted = create("2-3-1", NULL), *found = NULL;
		wanted->scaling.kind = kinds[i];
		save(wanted);
		cr_assert_eq(lockstep_network_load(&found, path, NULL), LOCKSTEP_OK);
		expect_equal(found, wanted);
		cr_assert_eq(found->scaling.n, 2);
		lockstep_network_destroy(wanted);
		lockstep_network_destroy(found);
	}
}

Test(model, carries_the_most_layers)
{
	char layers[256] = "2";
	for (int i = 0; i < LS_LAYERS_MAX; i++)
		strcat(layers, "-3");
	struct lockstep_network *wanted = create(layers, NULL), *found = NULL;
	save(wanted);
	cr_assert_eq(lockstep_network_load(&found, path, NULL), LOCKSTEP_OK);
	expect_equal(found, wanted);
	lockstep_network_destroy(wanted);
	lockstep_network_destroy(found);
}

Test(model, saving_twice_gives_the_same_bytes)
{
	struct test_bytes first = save_trained(), second = save_trained();
	cr_assert_eq(first.n, second.n);
	cr_assert_arr_eq(first.data, second.data, first.n);
	free(first.data);
	free(second.data);
}

Test(model, the_header_says_what_the_format_says)
{
	char wanted[1024], fingerprint[65];
	struct lockstep_network *network = create_trained();
	lockstep_network_fingerprint(network, fingerprint);
	lockstep_network_destroy(network);
	struct test_bytes bytes = save_trained();
	snprintf(wanted, sizeof wanted,
	         "\",\"format\":\"lockstep-model-1\",\"lockstep\":\"%s\",\"arithmetic\":\"1\",\"layers\":\"3-4-2\","
	         "\"hidden\":\"leaky-relu\",\"leaky_slope\":\"0.25\",\"loss\":\"multilabel\",\"init\":\"he\","
	         "\"seed\":\"18446744073709551615\",\"scale\":\"standardise\",\"labels\":\"multi\",\"label_names\":",
	         lockstep_version());
	const char *header = (const char *)bytes.data + 8;
	cr_assert_eq(strncmp(header, TEST_PREFIX, sizeof TEST_PREFIX - 1), 0);
	cr_assert_eq(strncmp(header + sizeof TEST_PREFIX - 1 + 64, wanted, strlen(wanted)), 0, "%s\n%s", header,
	             wanted);
	snprintf(
	    wanted, sizeof wanted,
	    "\"fingerprint\":\"%s\"},\"layers.0.weight\":{\"dtype\":\"F32\",\"shape\":[4,3],\"data_offsets\":[0,48]},"
	    "\"layers.0.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[48,64]},",
	    fingerprint);
	cr_assert(strstr(header, wanted), "%s\n%s", header, wanted);
	free(bytes.data);
}

/* ---- Damage -------------------------------------------------------------- */

static void flip_on_disk(struct test_bytes bytes, size_t bit)
{
	FILE *file = fopen(path, "r+b");
	cr_assert(file && !fseek(file, (long)(bit / 8), SEEK_SET));
	fputc(bytes.data[bit / 8] ^ (1 << bit % 8), file);
	fclose(file);
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(load_and_drop(&error), LOCKSTEP_ERROR_FORMAT, "bit %zu of byte %zu: %s", bit % 8, bit / 8,
	             error.message);
	file = fopen(path, "r+b");
	cr_assert(file && !fseek(file, (long)(bit / 8), SEEK_SET));
	fputc(bytes.data[bit / 8], file);
	fclose(file);
}

Test(model, refuses_every_flipped_bit_of_a_small_file)
{
	struct test_bytes bytes = save_trained();
	for (size_t bit = 0; bit < 8 * bytes.n; bit++)
		flip_on_disk(bytes, bit);
	cr_assert_eq(load_and_drop(NULL), LOCKSTEP_OK);
	free(bytes.data);
}

Test(model, refuses_flipped_bits_of_the_founding_network)
{
	uint64_t state = 1;
	struct lockstep_network *network = create("784-30-10", NULL);
	save(network);
	lockstep_network_destroy(network);
	struct test_bytes bytes = test_read_file(path);
	for (int i = 0; i < 500; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		flip_on_disk(bytes, (size_t)((state >> 20) % (8 * bytes.n)));
	}
	cr_assert_eq(load_and_drop(NULL), LOCKSTEP_OK);
	free(bytes.data);
}

Test(model, refuses_every_truncation_and_extra_bytes)
{
	struct test_bytes bytes = save_trained();
	for (size_t n = 0; n < bytes.n; n++) {
		test_write_file(path, (struct test_bytes){bytes.data, n});
		cr_assert_eq(load_and_drop(NULL), LOCKSTEP_ERROR_FORMAT, "%zu bytes", n);
	}
	test_write_file(path, (struct test_bytes){bytes.data, bytes.n + 1});
	cr_assert_eq(load_and_drop(NULL), LOCKSTEP_ERROR_FORMAT);
	free(bytes.data);
}

/* ---- Wrong statements under a right digest ----------------------------------- */

static void expect_refused_after(struct test_bytes bytes, const char *from, const char *to, const char *cause)
{
	struct test_bytes changed = test_replace(bytes, from, to);
	test_write_file(path, changed);
	expect_refusal(cause);
	free(changed.data);
}

Test(model, refuses_statements_that_are_not_so)
{
	static const struct {
		const char *from, *to, *cause;
	} cases[] = {
	    {"lockstep-model-1", "lockstep-model-2", "expected 'lockstep-model-1'"},
	    {"\"format\":\"lockstep-model-1\",", "", "'format' is missing"},
	    {"\"arithmetic\":\"1\"", "\"arithmetic\":\"2\"", "expected '1'"},
	    {"\"arithmetic\":\"1\",", "", "'arithmetic' is missing"},
	    {"\"seed\":", "\"sead\":", "'seed' is missing"},
	    {"\"seed\":", "\"dropout\":\"0.5\",\"seed\":", "does not know that key"},
	    {"\"3-4-2\"", "\"3-5-2\"", "expected '3-4-2'"},
	    {"\"3-4-2\"", "\"03-4-2\"", "expected '3-4-2'"},
	    {"leaky-relu", "swish", "does not know that value"},
	    {"multilabel", "Softmax", "does not know that value"},
	    {"\"init\":\"he\"", "\"init\":\"\"", "does not know that value"},
	    {"\"leaky_slope\":\"", "\"leaky_slope\":\"2", "not a number from 0 to 1"},
	    {"\"leaky_slope\":\"", "\"leaky_slope\":\"-", "not a number from 0 to 1"},
	    {"\"leaky_slope\":\"", "\"leaky_slope\":\"x", "metadata 'leaky_slope'"},
	    {"\"seed\":\"", "\"seed\":\"1", "2^64"},
	    {"\"seed\":\"", "\"seed\":\"-", "2^64"},
	    {"\"seed\":\"", "\"seed\":\" ", "2^64"},
	    {"\"18446744073709551615\"", "\"\"", "2^64"},
	    {"\"18446744073709551615\"", "\"0x10\"", "2^64"},
	    {"\"standardise\"", "\"none\"", "do not agree"},
	    {"\"standardise\"", "\"auto\"", "do not agree"},
	    {"\"standardise\"", "\"log\"", "does not know that value"},
	    {"\"labels\":\"multi\"", "\"labels\":\"many\"", "does not know that value"},
	    {"\"label_names\":\"[", "\"label_names\":\"[\\\"x\\\",", "metadata 'label_names': more than 2 values"},
	    {"\"label_names\":\"[\\\"no\\\",", "\"label_names\":\"[", "not one name for each output"},
	    {"\"label_names\":\"[\\\"no\\\",", "\"label_names\":\"[1,", "not an array of texts"},
	    {"\"label_names\":\"[", "\"label_names\":\"", "metadata 'label_names'"},
	    {"\"job\":\"{", "\"job\":\"", "metadata 'job'"},
	    {"\"job\":\"{", "\"job\":\"[1]\",\"lockstep2\":\"{", "does not know that key"},
	    {"layers.0.weight", "layer.0.weight", "tensor 0 is 'layer.0.weight'"},
	    {"layers.1.bias", "layers.1.offset", "tensor 3 is 'layers.1.offset'"},
	    {"\"shape\":[4,3]", "\"shape\":[3,4]", "of the right shape"},
	    {"\"shape\":[4,3]", "\"shape\":[12]", "not a weight of two sizes"},
	    {"\"shape\":[4,3]", "\"shape\":[2,6]", "of the right shape"},
	    {"\"shape\":[4]", "\"shape\":[4,1]", "of the right shape"},
	    {"input.shift", "input.moved", "tensor 4 is 'input.moved'"},
	    {"input.scale", "input.other", "tensor 'input.shift' is not a weight of two sizes"},
	    {"\"fingerprint\":\"", "\"fingerprint\":\"0", "metadata 'fingerprint'"},
	};
	struct test_bytes bytes = save_trained();
	expect_refused_after(bytes, "\"fingerprint\":\"", "\"finger\":\"", "'fingerprint' is missing");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_refused_after(bytes, cases[i].from, cases[i].to, cases[i].cause);
	free(bytes.data);
}

Test(model, refuses_a_standardised_file_without_its_vectors)
{
	struct lockstep_network *network = create("3-2", NULL);
	network->scaling.kind = LOCKSTEP_SCALE_UNIT;
	save(network);
	lockstep_network_destroy(network);
	struct test_bytes bytes = test_read_file(path);
	expect_refused_after(bytes, "\"unit\"", "\"standardise\"", "do not agree");
	free(bytes.data);
}

/* `at` counts from the end of the file. */
static void expect_refused_with_value(struct test_bytes bytes, size_t at, float value, const char *cause)
{
	memcpy(bytes.data + bytes.n - at, &value, sizeof value);
	test_sign(bytes);
	test_write_file(path, bytes);
	expect_refusal(cause);
}

Test(model, refuses_parameters_that_are_changed_or_not_finite)
{
	struct test_bytes bytes = save_trained();
	size_t n_data = 4 * (3 * 4 + 4 + 4 * 2 + 2 + 3 + 3);
	expect_refused_with_value(bytes, 4, NAN, "tensor 'input.scale': element 2 is not a finite number");
	free(bytes.data);
	bytes = save_trained();
	expect_refused_with_value(bytes, n_data - 4, -INFINITY, "tensor 'layers.0.weight': element 1 is not a finite");
	expect_refused_with_value(bytes, n_data - 4, 0.25f, "metadata 'fingerprint'");
	free(bytes.data);
}

/* ---- Failures ------------------------------------------------------------- */

static int count_descriptors(void)
{
	return test_count_entries("/proc/self/fd");
}

Test(model, does_not_save_what_could_not_be_loaded)
{
	lockstep_error error;
	struct lockstep_network *network = create_trained();
	network->layers[1].bias[1] = NAN;
	cr_assert_eq(lockstep_network_save(network, path, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "tensor 'layers.1.bias': element 1"), "%s", error.message);
	cr_assert_eq(test_count_entries(folder), 0);
	lockstep_network_destroy(network);
}

static void expect_save_error(const struct lockstep_network *network, const char *target, const char *cause)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_network_save(network, target, &error), LOCKSTEP_ERROR_IO);
	cr_assert(strstr(error.message, target), "no path in '%s'", error.message);
	cr_assert(strstr(error.message, cause), "no '%s' in '%s'", cause, error.message);
}

Test(model, a_save_that_fails_leaves_the_old_file_and_nothing_else)
{
	char missing[sizeof path + 16];
	struct rlimit limit = {1024, 1024};
	struct lockstep_network *network = create("784-30-10", NULL);
	struct test_bytes before = save_trained();
	int n_descriptors = count_descriptors();

	snprintf(missing, sizeof missing, "%s/missing/model", folder);
	expect_save_error(network, missing, "No such file");
	expect_save_error(network, folder, "directory");

	cr_assert(!chmod(folder, 0555));
	int was_root = !geteuid() && !seteuid(65534);
	expect_save_error(network, path, "Permission denied");
	cr_assert(!was_root || !seteuid(0));
	cr_assert(!chmod(folder, 0755));

	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &limit));
	expect_save_error(network, path, "too large");

	struct test_bytes after = test_read_file(path);
	cr_assert_eq(after.n, before.n);
	cr_assert_arr_eq(after.data, before.data, before.n);
	cr_assert_eq(test_count_entries(folder), 1);
	cr_assert_eq(count_descriptors(), n_descriptors);
	lockstep_network_destroy(network);
	free(before.data);
	free(after.data);
}

static struct lockstep_network *to_save;
static long n_json_allocations, failing_json_allocation, n_json_live;

static void *allocate_or_fail(size_t n)
{
	if (++n_json_allocations == failing_json_allocation)
		return NULL;
	n_json_live++;
	return malloc(n);
}

static void count_live_free(void *pointer)
{
	n_json_live -= pointer != NULL;
	free(pointer);
}

static void fail_json_at(long n)
{
	n_json_allocations = 0;
	failing_json_allocation = n;
}

static void fail_library_at(long n)
{
	ls_memory_fail_at(n);
}

static lockstep_status save_again(lockstep_error *error)
{
	return lockstep_network_save(to_save, path, error);
}

/* Fails the n-th allocation until none fails. jansson takes some failures for
 * a fault of the text. */
static void fail_each(lockstep_status (*call)(lockstep_error *), void (*fail_at)(long))
{
	int n_descriptors = count_descriptors();
	lockstep_status status = LOCKSTEP_ERROR_MEMORY;
	long n = 0;
	while (status) {
		lockstep_error error = {LOCKSTEP_OK, ""};
		fail_at(++n);
		status = call(&error);
		fail_at(0);
		cr_assert_eq(n_json_live, 0, "allocation %ld: leak of JSON values", n);
		cr_assert_eq(count_descriptors(), n_descriptors, "allocation %ld: leak of a file", n);
		cr_assert(!status || status == LOCKSTEP_ERROR_MEMORY ||
		              (status == LOCKSTEP_ERROR_FORMAT && fail_at == fail_json_at),
		          "allocation %ld: %s", n, error.message);
		cr_assert_eq(error.status, status);
	}
	cr_assert_gt(n, 5);
}

Test(model, fails_cleanly_when_memory_is_short)
{
	to_save = create_trained();
	json_set_alloc_funcs(allocate_or_fail, count_live_free);
	fail_each(save_again, fail_library_at);
	fail_each(save_again, fail_json_at);
	cr_assert_eq(test_count_entries(folder), 1);
	fail_each(load_and_drop, fail_library_at);
	fail_each(load_and_drop, fail_json_at);
	lockstep_network_destroy(to_save);
}
