/* SPDX-License-Identifier: MIT
 *
 * By ranges of the first two bytes, as RFC 3629's table has them.
 */
#include "utf8.h"

/* Length of the sequence, and the range of its second byte; 0 for a byte that
 * begins none. */
static size_t sequence(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

int ls_utf8_check(const char *text, size_t n)
{
	const unsigned char *bytes = (const unsigned char *)text;
	for (size_t i = 0; i < n;) {
		unsigned char low, high;
		size_t length = sequence(bytes[i], &low, &high);
		if (length == 0 || length > n - i)
			return 0;
		if (length > 1 && (bytes[i + 1] < low || bytes[i + 1] > high))
			return 0;
		for (size_t k = 2; k < length; k++)
			if ((bytes[i + k] & 0xc0) != 0x80)
				return 0;
		i += length;
	}
	return 1;
}
