/* SPDX-License-Identifier: MIT
 *
 * A leg of a job: from where it stands as far as its coordinator wants,
 * in a thread of its own and on the cores that it was given: training, or a process of
 * another program that is followed. After every epoch it
 * tells what it came to and waits for the word to go on, so that the coordinator
 * decides everything in one place and nothing depends on who is quicker.
 */
#ifndef LS_STUDY_LEG_H
#define LS_STUDY_LEG_H

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/train.h"
#include "study/command/point.h"
#include "team/mailbox.h"

#define LS_BIND_MAX 4096 /* of "list:0,2,4-7", with the 0 at its end */

struct ls_leg_job {
	const lockstep_dataset *dataset;       /* borrowed, as the network, until the leg is joined */
	lockstep_network *network;             /* holds the result when the leg ended with LOCKSTEP_OK */
	struct lockstep_train_options options; /* its callbacks and context are the leg's */
	const char *checkpoint;                /* copied: written when the leg ends before the job, and now and then */
	int resumes;                           /* start from that file */
};

/* A leg of another program: one process, from where it starts to the last point that
 * is wanted. All is borrowed until the leg is joined. */
struct ls_leg_command {
	const char *path;
	char *const *words, *const *environment;
	const char *cpus;   /* "0,2"; NULL: any */
	const char *folder; /* of the logs "stdout" and "stderr", which are added to */
	const char *metric;
	uint32_t known;   /* points that are known: those that the process prints once more are left out */
	uint32_t most;    /* points of a whole job; UINT32_MAX: as many as come */
	double known_key; /* of the last of them; NaN: it has none */
	double grace;     /* seconds from SIGTERM to SIGKILL; 0: as usual */
};

enum ls_leg_event { LS_LEG_EPOCH = 0, LS_LEG_ENDED };

struct ls_leg;

struct ls_leg_letter {
	struct ls_letter letter;
	struct ls_leg *leg;
	enum ls_leg_event event;
	/* LS_LEG_EPOCH: an answer is waited for, and what it points to stays until then. */
	struct lockstep_epoch epoch;
	const struct ls_point *point; /* of a command instead; else NULL */
	/* LS_LEG_ENDED. LOCKSTEP_OK: the job is done. LOCKSTEP_STOPPED: the
	 * checkpoint has it, and it can go on. LOCKSTEP_DIVERGED, or what failed,
	 * with its message. */
	lockstep_status status;
	lockstep_error error;
	double seconds;         /* that the leg took in all */
	int exit_status;        /* of a command that ended itself; -1: none */
	int is_lost;            /* it failed by the machine, which is no result of the job */
	lockstep_error warning; /* the first checkpoint on the way that could not be written; status 0: none */
};

enum ls_leg_order {
	LS_LEG_GO_ON = 0,
	LS_LEG_PAUSE, /* end here, with a checkpoint */
	LS_LEG_MOVE   /* go on with other workers */
};

/* Starts a leg of training, which sends its letters to `to` and owns them; `owner` is what
 * ls_leg_owner() gives. Caller owns *out, and joins it after its last letter. */
lockstep_status ls_leg_start(struct ls_leg **out, const struct ls_leg_job *job, struct ls_mailbox *to, void *owner,
                             lockstep_error *error);
/* The same for a command. Its points are its epochs; where the coordinator ends it, the process is
 * ended: SIGTERM to its group, and SIGKILL if it is there 5 s later. LOCKSTEP_OK: it has exited with 0, or printed
 * more than `most` points; LOCKSTEP_DIVERGED: the metric is not finite. */
lockstep_status ls_leg_start_command(struct ls_leg **out, const struct ls_leg_command *command, struct ls_mailbox *to,
                                     void *owner, lockstep_error *error);
void *ls_leg_owner(const struct ls_leg *leg);

/* The answer to LS_LEG_EPOCH; workers and bind (copied) are read with LS_LEG_MOVE alone. */
void ls_leg_answer(struct ls_leg *leg, enum ls_leg_order order, uint32_t workers, const char *bind);

/* Asks it to end as LS_LEG_PAUSE does, within a tenth of a second or so. */
void ls_leg_stop(struct ls_leg *leg);

/* Waits until its thread has ended, and frees. */
void ls_leg_join(struct ls_leg *leg);

#endif
