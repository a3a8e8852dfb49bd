/* SPDX-License-Identifier: MIT
 *
 * Files that appear whole or not at all.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/memory.h"
#include "../support/signed_file.h"

static const char *folder;
static char path[8192];

static void setup(void)
{
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/file", folder);
}

static void teardown(void)
{
	test_remove_folder(folder);
}

TestSuite(atomic_file, .init = setup, .fini = teardown);

static lockstep_status save(const char *target, const char *text, lockstep_error *error)
{
	struct ls_atomic_file *file = NULL;
	lockstep_status status = ls_atomic_file_create(&file, target, error);
	if (status) {
		cr_assert_null(file, "*out was touched");
		return status;
	}
	status = ls_atomic_file_write(file, text, strlen(text), error);
	if (!status)
		return ls_atomic_file_commit(file, error);
	ls_atomic_file_discard(file);
	return status;
}

static void expect_content(const char *target, const char *text)
{
	struct test_bytes bytes = test_read_file(target);
	cr_assert_str_eq((const char *)bytes.data, text);
	free(bytes.data);
}

static void expect_error(const char *target, const char *cause)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(save(target, "new", &error), LOCKSTEP_ERROR_IO);
	cr_assert_eq(error.status, LOCKSTEP_ERROR_IO);
	cr_assert(strstr(error.message, target), "no path in '%s'", error.message);
	cr_assert(strstr(error.message, cause), "no '%s' in '%s'", cause, error.message);
}

Test(atomic_file, writes_a_new_file_and_nothing_else)
{
	cr_assert_eq(save(path, "some text", NULL), LOCKSTEP_OK);
	expect_content(path, "some text");
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, replaces_the_whole_content_and_keeps_the_mode)
{
	struct stat status;
	cr_assert_eq(save(path, "a long old text", NULL), LOCKSTEP_OK);
	cr_assert(!chmod(path, 0600));
	cr_assert_eq(save(path, "new", NULL), LOCKSTEP_OK);
	expect_content(path, "new");
	cr_assert(!stat(path, &status));
	cr_assert_eq(status.st_mode & 0777, 0600);
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, a_new_file_has_the_mode_of_the_umask)
{
	struct stat status;
	umask(027);
	cr_assert_eq(save(path, "x", NULL), LOCKSTEP_OK);
	cr_assert(!stat(path, &status));
	cr_assert_eq(status.st_mode & 0777, 0640);
}

Test(atomic_file, the_old_content_stands_until_commit)
{
	struct ls_atomic_file *file = NULL;
	cr_assert_eq(save(path, "old", NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_create(&file, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_write(file, "new", 3, NULL), LOCKSTEP_OK);
	expect_content(path, "old");
	cr_assert_eq(test_count_entries(folder), 2);
	ls_atomic_file_discard(file);
	expect_content(path, "old");
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, two_writers_of_one_target_do_not_meet)
{
	struct ls_atomic_file *first = NULL, *second = NULL;
	cr_assert_eq(ls_atomic_file_create(&first, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_create(&second, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_write(first, "first", 5, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_write(second, "second", 6, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_commit(first, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_commit(second, NULL), LOCKSTEP_OK);
	expect_content(path, "second");
	cr_assert_eq(test_count_entries(folder), 1);
}

/* Each looks for leftovers before it writes, and the others' files are none, up to the moment
 * at which they are in place. */
Test(atomic_file, writers_in_one_folder_do_not_take_each_other_for_leftovers)
{
	enum { WRITERS = 4, TIMES = 250 };
	pid_t writers[WRITERS];
	for (int k = 0; k < WRITERS; k++) {
		writers[k] = fork();
		cr_assert(writers[k] >= 0);
		if (writers[k] > 0)
			continue;
		char target[600];
		int failed = 0;
		snprintf(target, sizeof target, "%s/target-%d", folder, k);
		for (int i = 0; i < TIMES; i++)
			failed |= save(target, "some text", NULL) != LOCKSTEP_OK;
		_exit(failed);
	}
	for (int k = 0; k < WRITERS; k++) {
		int status;
		cr_assert_eq(waitpid(writers[k], &status, 0), writers[k]);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	cr_assert_eq(test_count_entries(folder), WRITERS);
}

/* What a crash left goes; what another writer is at, and other files, stay. */
Test(atomic_file, takes_leftovers_away)
{
	unsigned char half[] = "half";
	struct ls_atomic_file *first = NULL, *second = NULL;
	lockstep_error error;
	char left[600], other[600], output[600];
	snprintf(left, sizeof left, "%s/.lockstep-1-0.tmp", folder);
	snprintf(other, sizeof other, "%s/.lockstep-1-0.txt", folder);
	snprintf(output, sizeof output, "%s/.lockstep-a1B2c3.tmp", folder); /* as the command names its own */
	test_write_file(left, (struct test_bytes){half, 4});
	test_write_file(other, (struct test_bytes){half, 4});
	test_write_file(output, (struct test_bytes){half, 4});
	cr_assert_eq(ls_atomic_file_create(&first, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert(access(left, F_OK) && !access(other, F_OK) && !access(output, F_OK));
	cr_assert_eq(ls_atomic_file_create(&second, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(test_count_entries(folder), 4, "two temporaries and the other files");
	cr_assert_eq(ls_atomic_file_write(first, "one", 3, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_atomic_file_commit(first, &error), LOCKSTEP_OK, "%s", error.message);
	ls_atomic_file_discard(second);
	cr_assert_eq(test_count_entries(folder), 3);
}

Test(atomic_file, follows_a_symbolic_link)
{
	char link[sizeof path + 8];
	struct stat status;
	snprintf(link, sizeof link, "%s-link", path);
	cr_assert_eq(save(path, "old", NULL), LOCKSTEP_OK);
	cr_assert(!symlink(path, link));
	cr_assert_eq(save(link, "new", NULL), LOCKSTEP_OK);
	expect_content(path, "new");
	cr_assert(!lstat(link, &status) && S_ISLNK(status.st_mode));
}

Test(atomic_file, does_not_depend_on_the_working_folder_after_create)
{
	struct ls_atomic_file *file = NULL;
	cr_assert(!chdir(folder));
	cr_assert_eq(ls_atomic_file_create(&file, "file", NULL), LOCKSTEP_OK);
	cr_assert(!chdir("/"));
	cr_assert_eq(ls_atomic_file_commit(file, NULL), LOCKSTEP_OK);
	expect_content(path, "");
}

Test(atomic_file, writes_a_name_of_the_greatest_length)
{
	char name[NAME_MAX + 2], longest[sizeof path + NAME_MAX];
	memset(name, 'n', sizeof name);
	name[NAME_MAX] = '\0';
	snprintf(longest, sizeof longest, "%s/%s", folder, name);
	cr_assert_eq(save(longest, "x", NULL), LOCKSTEP_OK);
	expect_content(longest, "x");
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	snprintf(longest, sizeof longest, "%s/%s", folder, name);
	cr_assert_eq(save(longest, "x", NULL), LOCKSTEP_ERROR_IO);
}

Test(atomic_file, refuses_what_is_no_regular_file)
{
	char fifo[sizeof path + 8];
	snprintf(fifo, sizeof fifo, "%s-fifo", path);
	cr_assert(!mkfifo(fifo, 0600));
	expect_error(fifo, "not a regular file");
	expect_error("/dev/null", "not a regular file");
	expect_error(folder, "directory");
	expect_error("/", "names no file");
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, refuses_folders_that_are_missing)
{
	char deep[sizeof path + 16];
	snprintf(deep, sizeof deep, "%s/missing/file", folder);
	expect_error(deep, "No such file");
	snprintf(deep, sizeof deep, "%s/new/", folder);
	expect_error(deep, "names no file");
	cr_assert_eq(save(path, "x", NULL), LOCKSTEP_OK);
	snprintf(deep, sizeof deep, "%s/below", path);
	expect_error(deep, "Not a directory");
	expect_error("", "names no file");
}

/* Root may write everywhere: the process gives that up for the test. */
Test(atomic_file, refuses_a_read_only_folder)
{
	cr_assert_eq(save(path, "old", NULL), LOCKSTEP_OK);
	cr_assert(!chmod(folder, 0555));
	int was_root = !geteuid() && !seteuid(65534);
	expect_error(path, "Permission denied");
	cr_assert(!was_root || !seteuid(0));
	cr_assert(!chmod(folder, 0755));
	expect_content(path, "old");
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, a_full_disk_leaves_the_old_file_alone)
{
	char text[5001];
	struct rlimit limit = {4096, 4096};
	cr_assert_eq(save(path, "old", NULL), LOCKSTEP_OK);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &limit));

	lockstep_error error;
	cr_assert_eq(save(path, text, &error), LOCKSTEP_ERROR_IO);
	cr_assert(strstr(error.message, "too large"), "%s", error.message);
	expect_content(path, "old");
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(atomic_file, fails_cleanly_without_memory)
{
	ls_memory_fail_at(1);
	cr_assert_eq(save(path, "x", NULL), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(0);
	cr_assert_eq(test_count_entries(folder), 0);
}
