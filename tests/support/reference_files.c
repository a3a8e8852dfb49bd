/* SPDX-License-Identifier: MIT
 *
 * What touches bytes: IDX files (through zlib, which reads plain files too),
 * the digest of data, the fingerprint of parameters, and checked memory.
 */
#include "reference.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* ---- Memory and SHA-256 ----------------------------------------------- */

void *reference_alloc(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);
	if (!memory) {
		fprintf(stderr, "reference: no memory for %zu elements of %zu bytes\n", n, size);
		exit(1);
	}
	return memory;
}

void *reference_hash_begin(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) {
		fprintf(stderr, "reference: no memory for a SHA-256\n");
		exit(1);
	}
	return hash;
}

void reference_hash_add(void *hash, const void *bytes, size_t n)
{
	EVP_DigestUpdate(hash, bytes, n);
}

void reference_hash_finish(void *hash, char hex[REFERENCE_HEX])
{
	unsigned char raw[32];
	EVP_DigestFinal_ex(hash, raw, NULL);
	EVP_MD_CTX_free(hash);
	for (size_t i = 0; i < sizeof raw; i++)
		snprintf(&hex[2 * i], 3, "%02x", raw[i]);
}

static void put_word(uint8_t bytes[4], uint32_t word)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(word >> 8 * i);
}

void reference_hash_add_floats(void *hash, const float *x, size_t n)
{
	uint8_t bytes[4096];
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		put_word(&bytes[used], bits);
		used += 4;
		if (used == sizeof bytes || i + 1 == n) {
			reference_hash_add(hash, bytes, used);
			used = 0;
		}
	}
}

void reference_fingerprint(const float *parameters, size_t n, char hex[REFERENCE_HEX])
{
	void *hash = reference_hash_begin();
	reference_hash_add_floats(hash, parameters, n);
	reference_hash_finish(hash, hex);
}

void reference_data_digest(const struct reference_data *data, char hex[REFERENCE_HEX])
{
	char line[160];
	const char *labels = data->classes ? "class" : data->flags ? "multi" : "none";
	snprintf(line, sizeof line, "lockstep-data-1 %s %zu %zu %s %zu\n", data->bytes ? "u8" : "f32", data->n_rows,
	         data->n_features, labels, data->n_labels);
	void *hash = reference_hash_begin();
	reference_hash_add(hash, line, strlen(line));
	if (data->bytes)
		reference_hash_add(hash, data->bytes, data->n_rows * data->n_features);
	else
		reference_hash_add_floats(hash, data->floats, data->n_rows * data->n_features);
	for (size_t i = 0; data->classes && i < data->n_rows; i++) {
		uint8_t bytes[4];
		put_word(bytes, data->classes[i]);
		reference_hash_add(hash, bytes, sizeof bytes);
	}
	if (data->flags)
		reference_hash_add(hash, data->flags, data->n_rows * data->n_labels);
	reference_hash_finish(hash, hex);
}

/* ---- IDX files -------------------------------------------------------- */

#define MAX_BYTES ((size_t)1 << 28) /* far more than MNIST, far less than memory */

struct idx {
	size_t dims[3];
	uint8_t *bytes;
};

static int find_file(char *path, size_t size, const char *folder, const char *name)
{
	snprintf(path, size, "%s/%s.gz", folder, name);
	if (access(path, R_OK) == 0)
		return 0;
	snprintf(path, size, "%s/%s", folder, name);
	return access(path, R_OK);
}

static size_t big_endian(const uint8_t word[4])
{
	return (size_t)word[0] << 24 | (size_t)word[1] << 16 | (size_t)word[2] << 8 | word[3];
}

static int read_idx(gzFile file, int n_dims, struct idx *idx)
{
	uint8_t head[4], dim[4];
	size_t size = 1;
	if (gzread(file, head, 4) != 4 || head[0] || head[1] || head[2] != 8 || head[3] != n_dims)
		return -1;
	for (int i = 0; i < n_dims; i++) {
		if (gzread(file, dim, 4) != 4)
			return -1;
		idx->dims[i] = big_endian(dim);
		if (!idx->dims[i] || idx->dims[i] > MAX_BYTES / size)
			return -1;
		size *= idx->dims[i];
	}
	idx->bytes = reference_alloc(size, 1);
	return gzread(file, idx->bytes, (unsigned)size) == (int)size ? 0 : -1;
}

static int open_idx(const char *folder, const char *prefix, const char *suffix, int n_dims, struct idx *idx)
{
	char name[128], path[4096];
	snprintf(name, sizeof name, "%s-%s", prefix, suffix);
	if (find_file(path, sizeof path, folder, name))
		return -1;
	gzFile file = gzopen(path, "rb");
	int failed = !file || read_idx(file, n_dims, idx);
	if (failed)
		fprintf(stderr, "reference: %s: not an IDX file of %d dimensions\n", path, n_dims);
	if (file)
		gzclose(file);
	return failed ? -1 : 0;
}

static int take_classes(struct reference_data *data, const struct idx *labels, size_t n_classes)
{
	data->n_labels = n_classes;
	data->classes = reference_alloc(data->n_rows, sizeof *data->classes);
	for (size_t i = 0; i < data->n_rows; i++) {
		if (labels->bytes[i] >= n_classes)
			return -1;
		data->classes[i] = labels->bytes[i];
	}
	return 0;
}

static int take_labels(struct reference_data *data, const char *folder, const char *prefix, size_t n_classes)
{
	struct idx labels = {{0}, NULL};
	int multi = open_idx(folder, prefix, "labels-idx2-ubyte", 2, &labels) == 0;
	if (!multi && open_idx(folder, prefix, "labels-idx1-ubyte", 1, &labels)) {
		free(labels.bytes);
		return -1;
	}
	if (labels.dims[0] != data->n_rows) {
		free(labels.bytes);
		return -1;
	}
	if (multi) {
		data->n_labels = labels.dims[1];
		data->flags = labels.bytes;
		return 0;
	}
	int failed = take_classes(data, &labels, n_classes);
	free(labels.bytes);
	return failed;
}

int reference_data_open(struct reference_data *data, const char *folder, const char *prefix, size_t n_classes)
{
	struct idx images = {{0}, NULL};
	memset(data, 0, sizeof *data);
	if (open_idx(folder, prefix, "images-idx3-ubyte", 3, &images)) {
		fprintf(stderr, "reference: %s: no images of '%s'\n", folder, prefix);
		free(images.bytes);
		return -1;
	}
	data->n_rows = images.dims[0];
	data->n_features = images.dims[1] * images.dims[2];
	data->bytes = images.bytes;
	if (take_labels(data, folder, prefix, n_classes)) {
		fprintf(stderr, "reference: %s: no labels that fit the images of '%s'\n", folder, prefix);
		reference_data_free(data);
		return -1;
	}
	return 0;
}

void reference_data_free(struct reference_data *data)
{
	free(data->bytes);
	free(data->floats);
	free(data->classes);
	free(data->flags);
	memset(data, 0, sizeof *data);
}
