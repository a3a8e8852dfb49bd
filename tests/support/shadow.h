/* SPDX-License-Identifier: MIT
 *
 * HAS_SHADOW: a sanitizer keeps memory of its own beside the program's, so that
 * sizes and limits of memory mean nothing.
 */
#ifndef SHADOW_H
#define SHADOW_H

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
    __has_feature(thread_sanitizer)
#define HAS_SHADOW 1
#else
#define HAS_SHADOW 0
#endif

#endif
