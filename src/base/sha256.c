/* SPDX-License-Identifier: MIT
 *
 * A thin wrapper of EVP. libcrypto can only fail here when memory is short at
 * the start, which ls_sha256_create() reports.
 */
#include "sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

static void write_hex(const unsigned char raw[SHA256_DIGEST_LENGTH], char digest[LS_SHA256_DIGITS + 1])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		digest[2 * i] = digits[raw[i] >> 4];
		digest[2 * i + 1] = digits[raw[i] & 15];
	}
	digest[LS_SHA256_DIGITS] = '\0';
}

struct ls_sha256 *ls_sha256_create(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context && !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	return (struct ls_sha256 *)context;
}

void ls_sha256_add(struct ls_sha256 *hash, const void *bytes, size_t n_bytes)
{
	EVP_DigestUpdate((EVP_MD_CTX *)hash, bytes, n_bytes);
}

void ls_sha256_finish(struct ls_sha256 *hash, char digest[LS_SHA256_DIGITS + 1])
{
	unsigned char raw[SHA256_DIGEST_LENGTH];
	EVP_DigestFinal_ex((EVP_MD_CTX *)hash, raw, NULL);
	EVP_MD_CTX_free((EVP_MD_CTX *)hash);
	write_hex(raw, digest);
}

void ls_sha256(const void *bytes, size_t n_bytes, char digest[LS_SHA256_DIGITS + 1])
{
	unsigned char raw[SHA256_DIGEST_LENGTH];
	SHA256(bytes, n_bytes, raw);
	write_hex(raw, digest);
}
