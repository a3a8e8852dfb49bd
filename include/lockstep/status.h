/* SPDX-License-Identifier: MIT
 *
 * What a call that can fail returns, and the text that goes with it.
 *
 * Every fallible function returns a lockstep_status; 0 is success. Results go
 * through output pointers, which are untouched on failure. The last parameter,
 * `error`, is owned by the caller and may be NULL; on failure it receives one
 * line for people that names the file, the place and the cause.
 */
#ifndef LOCKSTEP_STATUS_H
#define LOCKSTEP_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LOCKSTEP_API
#define LOCKSTEP_API __attribute__((visibility("default")))
#endif

typedef enum lockstep_status {
	LOCKSTEP_OK = 0,
	LOCKSTEP_ERROR_ARGUMENT,    /* an option or argument is outside its range */
	LOCKSTEP_ERROR_MEMORY,      /* an allocation failed */
	LOCKSTEP_ERROR_IO,          /* a file could not be opened, read or written */
	LOCKSTEP_ERROR_FORMAT,      /* a file was read, and is not what it should be */
	LOCKSTEP_ERROR_SYSTEM,      /* a thread, binding or topology call failed */
	LOCKSTEP_ERROR_UNSUPPORTED, /* this build or this CPU lacks what was asked for */
	LOCKSTEP_DIVERGED,          /* the loss or a parameter left the finite numbers */
	LOCKSTEP_STOPPED            /* a callback or lockstep_trainer_stop() ended the job */
} lockstep_status;

typedef struct lockstep_error {
	lockstep_status status;
	char message[512]; /* one line, without a newline at its end */
} lockstep_error;

/* A short English name of the status, such as "format error"; never NULL. */
LOCKSTEP_API const char *lockstep_status_name(lockstep_status status);

#ifdef __cplusplus
}
#endif

#endif
