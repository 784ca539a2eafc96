#include "generate/program.h"

#include "base/cleanup.h"
#include "generate/emit.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int program_append_filter(struct program *program, scmp_filter_ctx filter,
                          const uint32_t *passes_on, struct error *err)
{
	cleanup_close int file = memfd_create("filter", MFD_CLOEXEC);
	struct sock_filter *begin = &program->instructions[program->count];
	size_t room = (BPF_MAXINSNS - program->count) * sizeof(*begin);

	if (file < 0)
		return error_system(err, errno, "memfd_create");
	int result = seccomp_export_bpf(filter, file);
	if (result < 0)
		return error_system(err, -result, "libseccomp: export");
	off_t end = lseek(file, 0, SEEK_END);
	if (end <= 0 || (size_t)end > room || (size_t)end % sizeof(*begin) != 0)
		return error_set(err, "libseccomp exported %lld bytes", (long long)end);
	if (pread(file, begin, (size_t)end, 0) != (ssize_t)end)
		return error_system(err, errno, "reading the exported filter");
	size_t count = (size_t)end / sizeof(*begin);
	for (size_t i = 0; passes_on && i < count; i++)
		if (begin[i].code == (BPF_RET | BPF_K) && begin[i].k == *passes_on)
			begin[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
			                                        (uint32_t)(count - i - 1));
	program->count += count;
	return 0;
}

int program_append_numbers(struct program *program, const struct numbers *numbers,
                           struct error *err)
{
	long count = numbers_compile(numbers, program->instructions + program->count,
	                             BPF_MAXINSNS - program->count, err);

	if (count < 0)
		return -1;
	program->count += (size_t)count;
	return 0;
}

void program_replace(struct program *program, uint32_t action, uint32_t by)
{
	for (size_t i = 0; i < program->count; i++) {
		struct sock_filter *at = &program->instructions[i];

		if (at->code == (BPF_RET | BPF_K) && at->k == action)
			at->k = by;
	}
}

void program_print(const struct program *program, const char *name, struct buffer *out)
{
	buffer_printf(out, "const struct sock_filter %s[] = {\n", name);
	for (size_t i = 0; i < program->count; i++) {
		const struct sock_filter *at = &program->instructions[i];

		buffer_printf(out, "\t{0x%02x, %u, %u, 0x%08x},\n", at->code, at->jt, at->jf,
		              at->k);
	}
	buffer_append_text(out, "};\n");
	emit_count(out, name);
}
