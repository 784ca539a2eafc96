/* The probe: a small static program that tries, one by one, what a confined tool must not be
 * able to do. It knows nothing of remit. Run outside a sandbox every probe should succeed (that
 * is its positive control), inside it every one should be refused.
 *
 * How to add one: write a function in the file of its family and one row in the table at the
 * end of that file. See README. */
#ifndef REMIT_TESTS_PROBE_H
#define REMIT_TESTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* What the probes aim at. All strings come from NAME=VALUE arguments of the command line and
 * may be NULL; get them with need_target(). */
struct targets {
	const char *workspace;  /* the agent's workspace */
	const char *repository; /* the repository at the workspace or around it */
	const char *home;       /* the caller's home on the host */
	const char *secret;     /* a file of the host that holds the token */
	const char *hosttmp;    /* a file in /tmp of the host that holds the token */
	const char *hostshm;    /* a file in /dev/shm of the host that holds the token */
	const char *openfile;   /* a file of the host that everyone may write */
	const char *openfolder; /* a folder of the host that everyone may write */
	const char *setuid;     /* a copy of the probe, set-uid to another id */
	const char *token;      /* what the host's secrets and services contain */
	const char *definition; /* the agent definition in force, a file of the workspace */
	const char *marker;     /* a word on the command line of `process` */
	const char *process;    /* outside: a process of the same user; inside: pid 1 */
	const char *outside;    /* the number of a host process of the same user */
	const char *victim;     /* a process to kill; outside: one of the host's; inside: pid 1 */
	const char *port;       /* TCP and UDP port of the host's services on 127.0.0.1 */
	const char *abstract;   /* name of an abstract unix socket of the host */
	const char *socket;     /* path of a unix socket of the host */
	const char *memory_key; /* key of a System V shared memory segment of the host */
	const char *message_queue; /* name of a POSIX message queue of the host */
	const char *mount_space;   /* the host's namespaces, as readlink(2) shows them */
	const char *process_space;
	const char *ipc_space;
	const char *uts_space;
	const char *network_space;
	const char *cgroup_space;
	const char *user_space;
};

/* Properties of a probe. */
enum probe_flag {
	PROBE_ROOT = 1 << 0,         /* succeeds outside for root only: no control for others */
	PROBE_ANY_AGENT = 1 << 1,    /* of the readonly family, but refused to a writer too */
	PROBE_SETUID = 1 << 2,       /* needs the set-uid copy, which only root can make */
	PROBE_STDIN_FOLDER = 1 << 3, /* stdin must be the workspace folder itself */
	PROBE_STDIN_FILE = 1 << 4,   /* stdin must be the probe's file, opened for reading */
	PROBE_OPTIONAL = 1 << 5,     /* a writer may be refused: rare calls that no program needs */
};

/* Which error outside a sandbox says that the kernel lacks the thing, so that this machine
 * cannot judge the probe. */
enum absence {
	ABSENT_NEVER,
	ABSENT_CALL,     /* ENOSYS */
	ABSENT_PROTOCOL, /* EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT */
	ABSENT_PATH,     /* ENOENT, ENXIO, ENODEV: no such device or kernel file */
	ABSENT_TERMINAL, /* EIO: the kernel no longer lets anyone push input */
	ABSENT_FEATURE,  /* EOPNOTSUPP, ENOTTY: the file system does not know it */
	ABSENT_SEGFAULT, /* killed by SIGSEGV or SIGILL: no such gate into the kernel */
};

struct probe;

struct scene {
	const struct probe *probe;
	const struct targets *targets;
};

/* Tries it. Like a system call: 0 or more when the attack succeeded, -1 with errno when it was
 * refused. What cannot even be tried (a fixture is missing) calls give_up(). Runs in a process
 * of its own, which need not clean up. Probes of the readonly family start in the
 * folder that the fixture made for them, those of protected and permitted in the repository. */
typedef int (*probe_function)(const struct scene *scene);

struct probe {
	const char *name;
	probe_function run;
	const char *argument; /* whatever the function makes of it; may be NULL */
	int expected;         /* an errno that also means "the kernel was reached"; 0: none */
	enum absence absence;
	unsigned flags;
	const char *help;
};

struct family {
	const char *name;         /* of the family: which agent it is for */
	const struct probe *rows; /* ends with a row without a name */
};

extern const struct probe file_probes[];
extern const struct probe process_probes[];
extern const struct probe network_probes[];
extern const struct probe syscall_probes[];
extern const struct probe mount_probes[];
extern const struct probe proc_probes[];
extern const struct probe environment_probes[];
extern const struct probe readonly_probes[];
extern const struct probe inherited_probes[];
extern const struct probe protected_probes[];
extern const struct probe permitted_probes[];

/* Ends the probe as `broken`: it measured nothing. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A word for the report, beside the errno. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The target, or give_up() with its name. */
const char *need_target(const char *value, const char *name);
#define TARGET(scene, field) need_target((scene)->targets->field, #field)

/* The target as a process number. */
pid_t need_process(const char *value, const char *name);
#define TARGET_PROCESS(scene, field) need_process((scene)->targets->field, #field)

/* A formatted string, owned by the caller (in practice: by the end of the process). */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* -1 with this errno. */
int refuse(int number);

/* Whether the file begins with the token: 0, or -1 (EBADMSG where it holds something else). */
int file_holds_token(const struct scene *scene, const char *path);
int descriptor_holds_token(const struct scene *scene, int descriptor);

/* Whether this process is in that namespace; name: an entry of /proc/self/ns, link: as
 * readlink(2) shows it. */
bool in_namespace(const char *name, const char *link);

/* Whether stdin is of this type (S_IFREG, S_IFDIR): 0, or -1 (EBADF) where the sandbox gave
 * another, which may be a device of the host that nobody must change. */
int must_be_stdin(mode_t type);

/* Enters a new user and mount namespace as its root, or at least a mount namespace, so that an
 * ordinary user's control of a privileged call can succeed. Failing is not an error: inside a
 * sandbox it must fail, and the call that follows is then tried without. extra: further
 * CLONE_NEW* flags. Gives up where that leaves us among the host's own mounts: a sandbox that
 * does not hold must not cost the host its /proc. */
void try_to_become_root(const struct scene *scene, int extra);

/* The word in the memory of the processes that `probe host` keeps; at the same address in every
 * process of this program, which is linked statically and at fixed addresses. */
extern char memory_word[64];

/* The other subcommands. Each returns the exit status. */
int command_host(int count, char **arguments);
int command_fixture(int count, char **arguments);
int command_manifest(int count, char **arguments);

#endif
