/* What the helper can be asked to do inside, shared by it and by the test that asks. */
#ifndef REMIT_DIFFERENTIAL_OPERATIONS_H
#define REMIT_DIFFERENTIAL_OPERATIONS_H

enum operation_kind {
	OPERATION_READ,
	OPERATION_STAT,
	OPERATION_LIST,
	OPERATION_EXEC,
	OPERATION_CONNECT_INNER, /* to a listener of the helper's own */
	OPERATION_CONNECT_OUTER, /* to a port of localhost on which the test listens outside */
	OPERATION_APPEND,
	OPERATION_CREATE,
	OPERATION_TRUNCATE,
	OPERATION_MKDIR,
	OPERATION_RENAME,
	OPERATION_EXCHANGE,
	OPERATION_UNLINK,
	OPERATION_RMDIR,
	OPERATION_CHMOD,
	OPERATION_TOUCH,
	OPERATION_SYMLINK, /* at `path`, with the text of `other` */
	OPERATION_LINK,    /* of `path`, at `other` */
	OPERATION_COUNT,
};

enum {
	CHANGED_MODE = 0700,
	CHANGED_TIME = 86400, /* seconds since 1970 */
	PROGRAM_STATUS = 7,   /* of the helper when it is started as a program: helper exit */
	LONGEST_EVIDENCE = 200,
};

#define MARKER   "marker-" /* in the name of a file that every generated folder holds */
#define TOKEN    "token-"  /* what every generated file begins with */
#define APPENDED "appended"

#endif
