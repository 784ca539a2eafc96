#include "plan/filter.h"

#include "base/cleanup.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A call that is refused with EPERM where the option at `offset` is set; with `zero`, only where
 * its first argument is 0. */
static const struct extra_rule {
	size_t offset;
	int call;
	bool zero;
} extra_rules[] = {
        /* A file in memory has no path that a rule of Landlock could name, and execveat runs it. */
        {offsetof(struct filter_options, limited_exec), SCMP_SYS(memfd_create), false},
        {offsetof(struct filter_options, limited_exec), SCMP_SYS(execveat), false},
        /* The process group is the caller's, and holds processes outside. */
        {offsetof(struct filter_options, refuse_group_signals), SCMP_SYS(kill), true},
};

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static bool is_set(const struct filter_options *options, const struct extra_rule *rule)
{
	return *(const bool *)((const char *)options + rule->offset);
}

/* libseccomp 2.5 exports to a descriptor only. */
static int export_filter(scmp_filter_ctx filter, struct sock_filter **program, size_t *count,
                         struct error *err)
{
	cleanup_close int file = memfd_create("filter", MFD_CLOEXEC);
	cleanup_free struct sock_filter *copy = NULL;

	if (file < 0)
		return error_system(err, errno, "memfd_create");
	int result = seccomp_export_bpf(filter, file);
	if (result < 0)
		return error_system(err, -result, "exporting a filter");
	off_t end = lseek(file, 0, SEEK_END);
	if (end <= 0 || (size_t)end > BPF_MAXINSNS * sizeof(*copy) ||
	    (size_t)end % sizeof(*copy) != 0)
		return error_set(err, "libseccomp exported %lld bytes", (long long)end);
	size_t size = (size_t)end;
	copy = malloc(size);
	if (!copy)
		return error_memory(err);
	ssize_t got = pread(file, copy, size, 0);
	if (got < 0)
		return error_system(err, errno, "reading an exported filter");
	if ((size_t)got != size)
		return error_set(err, "reading an exported filter: %zd of %zu bytes", got, size);
	*count = size / sizeof(*copy);
	*program = steal_pointer(&copy);
	return 0;
}

int filter_extra(const struct filter_options *options, struct sock_filter **program, size_t *count,
                 struct error *err)
{
	__attribute__((cleanup(release_filter))) scmp_filter_ctx filter = NULL;

	*program = NULL;
	*count = 0;
	for (size_t i = 0; i < sizeof(extra_rules) / sizeof(extra_rules[0]); i++) {
		const struct extra_rule *rule = &extra_rules[i];

		if (!is_set(options, rule))
			continue;
		if (!filter)
			filter = seccomp_init(SCMP_ACT_ALLOW);
		if (!filter)
			return error_set(err, "libseccomp cannot begin a filter");
		/* An int: the kernel ignores the upper half. */
		const struct scmp_arg_cmp zero = SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0);
		int result = seccomp_rule_add_exact_array(filter, SCMP_ACT_ERRNO(EPERM), rule->call,
		                                          rule->zero, &zero);
		if (result < 0)
			return error_system(err, -result, "adding a rule to the filter");
	}
	return filter ? export_filter(filter, program, count, err) : 0;
}
