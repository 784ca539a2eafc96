/* The approver: who answers where a verdict is `ask`. The watch sends questions, the calling
 * process answers them, since only it has the caller's terminal and rights.
 *
 * Questions wait in a bounded queue and are put one at a time; those that ask for the same are
 * answered by one answer. What is not understood, not answered in time, or has nobody to answer it
 * is no. */
#ifndef REMIT_LIBRARY_APPROVE_H
#define REMIT_LIBRARY_APPROVE_H

#include "base/error.h"
#include "policy/policy.h"
#include "watch/watch.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	APPROVE_PLACES = 3,    /* that approver_places fills */
	APPROVE_WAITING = 256, /* calls that wait for an answer; those beyond get a no */
	APPROVE_SECONDS = 300, /* for an answer, where nothing else is said */
};

struct approve_request {
	const char *way;      /* "tty", "deny", "allow" or "exec:PROGRAM"; NULL: remit chooses */
	const char *remember; /* a file for what was permitted, or NULL */
	unsigned seconds;     /* for an answer; 0: APPROVE_SECONDS */
	bool watched;         /* refusals are seen: without that nobody asks */
	const struct policy *policy;
	const char *tool;         /* or NULL */
	char *const *environment; /* of a program that answers */
};

struct approver;

/* Whether anything that the policy asks about may come to be permitted. */
bool approve_answers(const struct approve_request *request);

/* Finds the way, and opens what it needs. Where none is named it is `tty` where the policy asks
 * about writing and a person is at the terminal (see terminal_has_person), else `deny`. The request
 * and what it points to must outlive the approver. Returns 0 and an approver owned by the caller;
 * negative where it cannot be. */
int approver_new(const struct approve_request *request, struct approver **out, struct error *err);

/* Negative where that is no way to answer. NULL is one. */
int approve_check(const char *way, struct error *err);

enum watch_approve approver_kind(const struct approver *approver);

/* The terminal that the tool gets for its standard `streams` (bits), or -1. Borrowed. */
int approver_terminal(const struct approver *approver, unsigned *streams);

/* From here on questions are answered. Takes over `questions`, a socket to the watch, or -1. */
void approver_begin(struct approver *approver, int questions);

/* For the loop of whoever waits for the end of the run: what poll(2) should wait for
 * (APPROVE_PLACES places), for how many milliseconds at most (-1: any), and what is to be done
 * then. */
void approver_places(const struct approver *approver, struct pollfd *places);
int approver_patience(const struct approver *approver);
void approver_work(struct approver *approver, const struct pollfd *places);

/* A signal to the calling process. True where COMMAND is not to get it. */
bool approver_signal(struct approver *approver, int number);

/* COMMAND was stopped. Where somebody at the terminal wanted that, the caller stops, too; true when
 * it was continued, and COMMAND is to be. */
bool approver_command_stopped(struct approver *approver);

/* Answers what still waits with no, and gives the terminal back: to be called as soon as the run is
 * over, before anything else is said there. Negative where answers could not be remembered. */
int approver_end(struct approver *approver, struct error *err);

/* NULL is nothing. */
void approver_free(struct approver *approver);

#endif
