/* SPDX-License-Identifier: MIT
 *
 * Placement on machines that are only described: where each worker goes is
 * written out by hand from the description.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "lockstep/topology.h"
#include "team/placement.h"
#include "team/topology.h"

#define WORKERS_MAX 300

/* A core has PUs 2c and 2c + 1; a NUMA node 16 cores, a package 2 nodes. */
static const char two_packages[] = "pack:2 numa:2 core:16 pu:2";

static lockstep_topology *open_topology(const char *synthetic)
{
	lockstep_topology *topology = NULL;
	lockstep_error error = {0};
	cr_assert_eq(lockstep_topology_create(&topology, synthetic, &error), LOCKSTEP_OK, "%s", error.message);
	return topology;
}

/* Four slow cores of one PU (0, 2, 4, 6), then four fast ones of two (8 .. 15). */
static lockstep_topology *open_hybrid(void)
{
	char source[4096];
	const char *srcdir = getenv("srcdir");
	snprintf(source, sizeof source, "xml:%s/tests/support/topology/hybrid.xml", srcdir ? srcdir : ".");
	return open_topology(source);
}

static void place(const lockstep_topology *topology, uint32_t n, const char *bind, int smt,
                  struct lockstep_place places[WORKERS_MAX])
{
	lockstep_error error = {0};
	cr_assert_eq(lockstep_topology_place(topology, n, bind, smt, places, &error), LOCKSTEP_OK, "%s", error.message);
}

/* The workers' PUs in order, "0,2,4"; a star marks a shared place. */
static void expect_pus(const lockstep_topology *topology, uint32_t n, const char *bind, int smt, const char *expected)
{
	struct lockstep_place places[WORKERS_MAX];
	char found[4096] = "";
	place(topology, n, bind, smt, places);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(places[i].worker, i);
		sprintf(found + strlen(found), "%s%d%s", i ? "," : "", places[i].pu, places[i].shared ? "*" : "");
	}
	cr_assert_str_eq(found, expected, "%u workers, %s", n, bind);
}

/* Every bad text must name itself, or what it names, and leave *places alone. */
static void expect_refusal(const lockstep_topology *topology, const char *bind, const char *in_message)
{
	struct lockstep_place places[4], before[4];
	uint32_t n_workers = 77;
	lockstep_error error = {0};
	memset(places, 0x5a, sizeof places);
	memcpy(before, places, sizeof places);
	cr_assert_eq(lockstep_topology_place(topology, 4, bind, 0, places, &error), LOCKSTEP_ERROR_ARGUMENT, "%s",
	             bind);
	cr_assert(strstr(error.message, in_message), "'%s' does not say '%s'", error.message, in_message);
	cr_assert_eq(memcmp(places, before, sizeof places), 0);
	cr_assert_eq(lockstep_topology_auto_workers(topology, bind, 0, &n_workers, NULL), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(n_workers, 77);
}

Test(placement, close_fills_cores_in_order)
{
	lockstep_topology *topology = open_topology(two_packages);
	expect_pus(topology, 1, NULL, 0, "0");
	expect_pus(topology, 5, "close", 0, "0,2,4,6,8");
	lockstep_topology_destroy(topology);
}

Test(placement, close_goes_to_the_next_node_and_package)
{
	lockstep_topology *topology = open_topology(two_packages);
	struct lockstep_place places[WORKERS_MAX];
	place(topology, 48, "close", 0, places);
	for (int i = 0; i < 48; i++) {
		cr_assert_eq(places[i].pu, 2 * i);
		cr_assert_eq(places[i].core, i);
		cr_assert_eq(places[i].numa_node, i / 16);
		cr_assert_eq(places[i].package, i / 32);
		cr_assert_not(places[i].shared);
	}
	cr_assert_str_eq(places[47].cpuset, "94");
	lockstep_topology_destroy(topology);
}

Test(placement, spread_shares_out_packages_and_nodes_evenly)
{
	lockstep_topology *topology = open_topology(two_packages);
	struct lockstep_place places[WORKERS_MAX];
	for (uint32_t n = 1; n <= 64; n++) {
		uint32_t in_node[4] = {0}, in_package[2] = {0};
		char used[128] = {0};
		place(topology, n, "spread", 0, places);
		for (uint32_t i = 0; i < n; i++) {
			cr_assert_not(used[places[i].pu]++, "PU %d twice with %u workers", places[i].pu, n);
			in_node[places[i].numa_node]++;
			in_package[places[i].package]++;
		}
		for (int node = 0; node < 4; node++)
			cr_assert(in_node[node] == n / 4 || in_node[node] == (n + 3) / 4, "node %d, %u", node, n);
		for (int package = 0; package < 2; package++)
			cr_assert(in_package[package] == n / 2 || in_package[package] == (n + 1) / 2);
	}
	lockstep_topology_destroy(topology);
}

Test(placement, spread_uses_every_last_level_cache)
{
	lockstep_topology *topology = open_topology("pack:1 numa:1 l3:4 core:8 pu:1");
	expect_pus(topology, 2, "spread", 0, "0,16");
	expect_pus(topology, 4, "spread", 0, "0,8,16,24");
	expect_pus(topology, 8, "spread", 0, "0,4,8,12,16,20,24,28");
	lockstep_topology_destroy(topology);
}

Test(placement, smt_makes_every_hardware_thread_a_place)
{
	lockstep_topology *topology = open_topology("pack:1 core:3 pu:2");
	expect_pus(topology, 4, "close", 1, "0,1,2,3");
	expect_pus(topology, 3, "spread", 1, "0,2,4");
	expect_pus(topology, 6, "spread", 1, "0,1,2,3,4,5");
	lockstep_topology_destroy(topology);
}

Test(placement, second_round_takes_second_threads_and_is_marked)
{
	lockstep_topology *topology = open_topology("pack:1 core:3 pu:2");
	expect_pus(topology, 4, "close", 0, "0*,2,4,1*");
	expect_pus(topology, 6, "close", 0, "0*,2*,4*,1*,3*,5*");
	expect_pus(topology, 7, "close", 0, "0*,2*,4*,1*,3*,5*,0*");
	expect_pus(topology, 4, "spread", 0, "0*,2,4,1*");
	expect_pus(topology, 7, "close", 1, "0*,1,2,3,4,5,0*");
	lockstep_topology_destroy(topology);
}

Test(placement, list_is_taken_in_its_own_order)
{
	lockstep_topology *topology = open_topology("pack:1 core:8 pu:2");
	expect_pus(topology, 6, "list:7,0,2-5", 0, "7,0,2,3,4,5");
	expect_pus(topology, 2, "list:7,0,2-5", 0, "7,0");
	expect_pus(topology, 3, "list:9,8", 0, "9*,8,9*");
	lockstep_topology_destroy(topology);
}

Test(placement, none_binds_nobody)
{
	lockstep_topology *topology = open_topology("pack:1 core:2 pu:2");
	struct lockstep_place places[WORKERS_MAX];
	place(topology, 5, "none", 0, places);
	for (uint32_t i = 0; i < 5; i++) {
		cr_assert_eq(places[i].worker, i);
		cr_assert(places[i].pu == -1 && places[i].core == -1 && places[i].numa_node == -1 &&
		          places[i].package == -1 && places[i].shared == 0);
		cr_assert_str_empty(places[i].cpuset);
	}
	lockstep_topology_destroy(topology);
}

Test(placement, fastest_cores_come_first)
{
	lockstep_topology *topology = open_hybrid();
	expect_pus(topology, 4, "close", 0, "8,10,12,14");
	expect_pus(topology, 2, "spread", 0, "8,12");
	expect_pus(topology, 6, "close", 0, "8,10,12,14,0,2");
	expect_pus(topology, 6, "spread", 0, "8,10,12,14,0,4");
	expect_pus(topology, 9, "close", 0, "8*,10,12,14,0,2,4,6,9*");
	expect_pus(topology, 10, "close", 1, "8,9,10,11,12,13,14,15,0,2");
	lockstep_topology_destroy(topology);
}

Test(placement, auto_takes_the_fastest_kind_only)
{
	lockstep_topology *topology = open_hybrid();
	struct lockstep_topology_summary summary;
	struct lockstep_place places[WORKERS_MAX];
	uint32_t with_threads = 0, listed = 0;
	lockstep_topology_describe(topology, &summary);
	cr_assert_eq(summary.cores, 8);
	cr_assert_eq(summary.pus, 12);
	cr_assert_eq(summary.kinds, 2);
	cr_assert_eq(summary.preferred_cores, 4);
	cr_assert_eq(summary.auto_workers, 4);
	cr_assert_str_eq(summary.cpu_model, "Four little cores and four big ones");
	cr_assert_eq(lockstep_topology_auto_workers(topology, "spread", 1, &with_threads, NULL), LOCKSTEP_OK);
	cr_assert_eq(with_threads, 8);
	cr_assert_eq(lockstep_topology_auto_workers(topology, "list:0,2,4,6,8", 0, &listed, NULL), LOCKSTEP_OK);
	cr_assert_eq(listed, 5);
	places[4].worker = 99;
	place(topology, 0, "close", 0, places);
	cr_assert_eq(places[3].pu, 14);
	cr_assert_eq(places[4].worker, 99);
	lockstep_topology_destroy(topology);
}

Test(placement, quota_limits_auto_and_rounds_down)
{
	static const struct {
		double quota;
		uint32_t workers;
	} cases[] = {{0, 64}, {0.5, 1}, {1, 1}, {1.99, 1}, {2, 2}, {17.5, 17}, {63.9, 63}, {64, 64}, {1e9, 64}};
	lockstep_topology *topology = open_topology(two_packages);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t n = 0;
		cr_assert_eq(ls_placement_auto(topology->hwloc, "close", 0, cases[i].quota, &n, NULL), LOCKSTEP_OK);
		cr_assert_eq(n, cases[i].workers, "quota %g gave %u", cases[i].quota, n);
	}
	lockstep_topology_destroy(topology);
}

Test(placement, bad_texts_are_refused_by_name)
{
	lockstep_topology *topology = open_topology("pack:1 core:4 pu:2");
	expect_refusal(topology, "closest", "close, spread, none and list:0,2,4-7");
	expect_refusal(topology, "", "''");
	expect_refusal(topology, "list", "'list'");
	expect_refusal(topology, "list:8", "PU 8 is not among those this process may use: 0-7");
	expect_refusal(topology, "list:0-2000000000", "PU 8 ");
	expect_refusal(topology, "list:0,0", "PU 0 twice");
	expect_refusal(topology, "list:2,0-3", "PU 2 twice");
	expect_refusal(topology, "list:", "no list of PU numbers");
	expect_refusal(topology, "list:0,", "no list of PU numbers");
	expect_refusal(topology, "list:,0", "no list of PU numbers");
	expect_refusal(topology, "list:3-1", "no list of PU numbers");
	expect_refusal(topology, "list:1-", "no list of PU numbers");
	expect_refusal(topology, "list:-1", "no list of PU numbers");
	expect_refusal(topology, "list: 1", "no list of PU numbers");
	expect_refusal(topology, "list:1;2", "no list of PU numbers");
	expect_refusal(topology, "list:99999999999999999999", "no list of PU numbers");
	lockstep_topology_destroy(topology);
}

Test(placement, failed_allocation_is_reported)
{
	lockstep_topology *topology = open_topology("pack:1 core:4 pu:2");
	struct lockstep_place places[4];
	const char *text = "untouched";
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_topology_place(topology, 4, "close", 0, places, NULL), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_topology_place(topology, 4, "list:0-3", 0, places, NULL), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_topology_text(topology, &text, NULL), LOCKSTEP_ERROR_MEMORY);
	cr_assert_str_eq(text, "untouched");
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_topology_xml(topology, &text, NULL), LOCKSTEP_ERROR_MEMORY);
	cr_assert_str_eq(text, "untouched");
	lockstep_topology_destroy(topology);

	topology = NULL;
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_topology_create(&topology, "core:2 pu:1", NULL), LOCKSTEP_ERROR_MEMORY);
	cr_assert_null(topology);
	ls_memory_fail_at(0);
}

Test(topology, describes_a_synthetic_machine)
{
	lockstep_topology *topology = open_topology(two_packages);
	struct lockstep_topology_summary summary;
	lockstep_topology_describe(topology, &summary);
	cr_assert_eq(summary.packages, 2);
	cr_assert_eq(summary.numa_nodes, 4);
	cr_assert_eq(summary.cores, 64);
	cr_assert_eq(summary.pus, 128);
	cr_assert_eq(summary.kinds, 1);
	cr_assert_eq(summary.auto_workers, 64);
	cr_assert_eq(summary.cpu_quota, 0);
	cr_assert_null(summary.quota_file);
	cr_assert_str_empty(summary.cpu_model);
	lockstep_topology_destroy(topology);
}

static void expect_same_processor(const struct lockstep_processor *found, const struct lockstep_processor *expected)
{
	cr_assert_str_eq(found->vendor, expected->vendor);
	cr_assert_eq(found->family, expected->family);
	cr_assert_eq(found->model, expected->model);
	cr_assert_eq(found->stepping, expected->stepping);
	cr_assert_eq(found->l1d_bytes, expected->l1d_bytes);
	cr_assert_eq(found->l2_bytes, expected->l2_bytes);
	cr_assert_eq(found->l3_bytes, expected->l3_bytes);
}

static void expect_processor(lockstep_topology *topology, const struct lockstep_processor *expected)
{
	struct lockstep_topology_summary summary;
	lockstep_topology_describe(topology, &summary);
	expect_same_processor(&summary.processor, expected);
	lockstep_topology_destroy(topology);
}

Test(topology, names_the_processor_as_far_as_it_is_known)
{
	expect_processor(open_topology("core:2 pu:1"), &(struct lockstep_processor){"", -1, -1, -1, 0, 0, 0});
	expect_processor(
	    open_topology(
		"pack:2 l3:2(size=33554432) l2:4(size=1310720) l1d:1(size=49152) l1i:1(size=32768) core:1 pu:2"),
	    &(struct lockstep_processor){"", -1, -1, -1, 49152, 1310720, 33554432});
	expect_processor(open_topology("l2:2(size=2097152) core:4 pu:1"),
	                 &(struct lockstep_processor){"", -1, -1, -1, 0, 2097152, 0});
	/* Its stepping is no number. */
	expect_processor(open_hybrid(), &(struct lockstep_processor){"GenuineIntel", 6, 151, -1, 0, 0, 0});
}

Test(topology, prints_the_tree_with_memory_under_its_owner)
{
	lockstep_topology *topology = open_topology("pack:1 [numa(memory=1073741824)] core:2 pu:1");
	const char *text = NULL, *again = NULL;
	cr_assert_eq(lockstep_topology_text(topology, &text, NULL), LOCKSTEP_OK);
	cr_assert(strstr(text, "  Package L#0 P#0"), "%s", text);
	cr_assert(strstr(text, "    NUMANode L#0 P#0"), "%s", text);
	cr_assert(strstr(text, "    Core L#1\n      PU L#1 P#1\n"), "%s", text);
	cr_assert_eq(lockstep_topology_text(topology, &again, NULL), LOCKSTEP_OK);
	cr_assert_eq(text, again);
	lockstep_topology_destroy(topology);
}

/* Into a file, and back from it. */
static lockstep_topology *exported(lockstep_topology *topology, const char *path)
{
	char source[64];
	const char *xml = NULL, *again = NULL;
	cr_assert_eq(lockstep_topology_xml(topology, &xml, NULL), LOCKSTEP_OK);
	cr_assert_eq(lockstep_topology_xml(topology, &again, NULL), LOCKSTEP_OK);
	cr_assert_eq(xml, again);
	cr_assert(!strstr(xml, "HostName") && !strstr(xml, "ProcessName") && !strstr(xml, "LinuxCgroup"), "%s", xml);
	FILE *file = fopen(path, "w");
	cr_assert(file && fputs(xml, file) >= 0 && !fclose(file));
	snprintf(source, sizeof source, "xml:%s", path);
	return open_topology(source);
}

static void expect_round_trip(lockstep_topology *topology)
{
	char path[] = "/tmp/lockstep-test-XXXXXX";
	const char *text = NULL, *text_again = NULL;
	struct lockstep_topology_summary summary, again;
	int file = mkstemp(path);
	cr_assert(file >= 0 && !close(file));
	lockstep_topology *other = exported(topology, path);
	lockstep_topology_describe(topology, &summary);
	lockstep_topology_describe(other, &again);
	cr_assert_eq(again.pus, summary.pus);
	cr_assert_eq(again.cores, summary.cores);
	cr_assert_eq(again.kinds, summary.kinds);
	cr_assert_eq(again.numa_nodes, summary.numa_nodes);
	cr_assert_str_eq(again.cpu_model, summary.cpu_model);
	expect_same_processor(&again.processor, &summary.processor);
	cr_assert_eq(lockstep_topology_text(topology, &text, NULL), LOCKSTEP_OK);
	cr_assert_eq(lockstep_topology_text(other, &text_again, NULL), LOCKSTEP_OK);
	cr_assert_str_eq(text, text_again);
	lockstep_topology_destroy(other);
	lockstep_topology_destroy(topology);
	unlink(path);
}

Test(topology, comes_back_from_its_xml)
{
	expect_round_trip(open_topology(two_packages));
	expect_round_trip(open_hybrid());
	expect_round_trip(open_topology(NULL));
}

Test(topology, opens_the_machine_itself)
{
	lockstep_topology *topology = open_topology(NULL);
	struct lockstep_topology_summary summary;
	lockstep_topology_describe(topology, &summary);
	cr_assert_geq(summary.pus, 1);
	cr_assert_geq(summary.pus, summary.cores);
	cr_assert_geq(summary.cores, summary.preferred_cores);
	cr_assert_geq(summary.preferred_cores, summary.auto_workers);
	cr_assert_geq(summary.auto_workers, 1);
	lockstep_topology_destroy(topology);
}

static void expect_no_topology(const char *source, lockstep_status status, const char *in_message)
{
	lockstep_topology *topology = NULL;
	lockstep_error error = {0};
	cr_assert_eq(lockstep_topology_create(&topology, source, &error), status, "%s: %s", source, error.message);
	cr_assert_null(topology);
	cr_assert(strstr(error.message, in_message), "%s", error.message);
}

Test(topology, refuses_what_is_no_machine)
{
	expect_no_topology("pack:2 nonsense:3", LOCKSTEP_ERROR_ARGUMENT, "nonsense:3");
	expect_no_topology("", LOCKSTEP_ERROR_ARGUMENT, "''");
	expect_no_topology("core:1000000 pu:1000000", LOCKSTEP_ERROR_ARGUMENT, "core:1000000");
	expect_no_topology("core:18446744073709551615 pu:18446744073709551615", LOCKSTEP_ERROR_ARGUMENT, "4096");
	expect_no_topology("xml:/nonexistent/machine.xml", LOCKSTEP_ERROR_IO, "/nonexistent/machine.xml");
}

Test(topology, refuses_a_file_that_is_no_topology)
{
	char path[] = "/tmp/lockstep-topology-XXXXXX", source[64];
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "<topology version=\"2.0\"><object", 31), 31);
	close(fd);
	snprintf(source, sizeof source, "xml:%s", path);
	expect_no_topology(source, LOCKSTEP_ERROR_FORMAT, path);
	unlink(path);
}
