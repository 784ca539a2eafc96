# remit: build, tests, analysis. `make help` lists the targets.
#
# Two kinds of program are built: the generator (src/generate), which runs during the build and
# turns policies/ into C tables and seccomp filters, and remit itself.

CC       ?= cc
HOSTCC   ?= cc
CLANG    ?= clang
AR       ?= ar
ARCH     ?= $(shell uname -m)
BUILD    ?= build

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 \
            -Wno-missing-field-initializers
INCLUDES := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -Iinclude -I$(BUILD)/generated $(CPPFLAGS)
CFLAGS   ?= -O2 -g
HARDEN   ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2
COMPILE  := -std=gnu17 $(WARNINGS) $(HARDEN) $(CFLAGS)
LINK     ?= -static
LIBS     := -lseccomp -lyaml -lcap -ljansson -lfuse3 -lcares -lpthread -ldl
CHECK    ?= $(shell pkg-config --libs check)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIBRARY_SOURCES  := $(filter-out src/cmd/% src/generate/%,$(sort $(wildcard src/*/*.c)))
COMMAND_SOURCES  := $(sort $(wildcard src/cmd/*.c))
GENERATE_SOURCES := $(sort $(wildcard src/generate/*.c))
GENERATE_BASE    := src/base/error.c src/base/buffer.c src/base/text.c src/base/path.c src/base/file.c \
                    src/base/yaml_tree.c src/policy/effect.c
POLICY_FILES     := $(sort $(wildcard policies/*.yaml))
GENERATED        := $(BUILD)/generated/tables.c $(BUILD)/generated/filter.c \
                    $(BUILD)/generated/supervisor.c $(BUILD)/generated/broker.c \
                    $(BUILD)/generated/relay.c $(BUILD)/generated/resolver.c

LIBRARY_OBJECTS  := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:%.c=%.o)
COMMAND_OBJECTS  := $(COMMAND_SOURCES:%.c=$(BUILD)/%.o)

UNIT_SOURCES     := $(sort $(wildcard tests/unit/*.c tests/property/*.c))
UNIT_PROGRAMS    := $(UNIT_SOURCES:%.c=$(BUILD)/%)
SUPPORT_SOURCES  := $(sort $(wildcard tests/simulator/*.c))
PROBE_SOURCES    := $(sort $(wildcard tests/probe/*.c))
FAULTS_SOURCES   := $(filter-out tests/faults/inside.c,$(sort $(wildcard tests/faults/*.c)))
DIFFERENTIAL_SOURCES := $(filter-out %/helper.c,$(sort $(wildcard tests/differential/*.c)))
DIFFERENTIAL_SECONDS ?= 24
# The same worlds every time; `make soak` makes new ones.
DIFFERENTIAL_SEED    ?= 20261121
FIDELITY_SOURCES := $(sort $(wildcard tests/fidelity/*.c))
FIDELITY_COUNT   ?= 600
FIDELITY_SEED    ?= 20261125
RACES_ROUNDS     ?= 4000
STALL_SECONDS    ?= 2
FUZZ_SOURCES     := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS    := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
FUZZ_SECONDS     ?= 5

# Quiet unless V=1.
ifeq ($(V),1)
Q :=
else
Q := @
endif

all: $(BUILD)/remit

help:
	@echo 'make                build/remit, one static program'
	@echo 'make test           unit and property tests'
	@echo 'make test-sanitize  the same, and the program, with address and undefined-behaviour sanitizers'
	@echo 'make fuzz-short     each fuzz target for FUZZ_SECONDS (5)'
	@echo 'make lint           warnings, clang-tidy, cppcheck, shellcheck, format'
	@echo 'make cross          build/aarch64/remit, cross-built (also part of lint)'
	@echo 'make aarch64        what an emulator shows of it: the same output, and no run unconfined'
	@echo 'make learn          the policy that a command would have needed permits it'
	@echo 'make approve        who answers questions: programs, a person at a terminal, nobody'
	@echo 'make interface      the user interface: input, statuses, signals, the terminal'
	@echo 'make differential   what `remit why` says against what happens inside `remit run`'
	@echo 'make fidelity       file operations inside a workspace against the same outside'
	@echo 'make races          calls whose path changes its meaning meanwhile'
	@echo 'make matrix         every mode, every kind of deed, every answer'
	@echo 'make stall          a file system that never answers: only who uses it waits'
	@echo 'make places         workspaces of every kind: file systems, owners, names, mounts inside'
	@echo 'make faults         every system call of a launch made to fail, one error each'
	@echo 'make watch          kills, floods, logs that fail, everyday work: what the watch makes of them'
	@echo 'make network        permitted peers are reached, others are refused and recorded'
	@echo 'make network-heavy  the same with Java and Go, and with many clients for long'
	@echo 'make soak           faults with every sensible error, fuzzing and comparison for long'
	@echo 'make audit-test     reports on audit logs, also on hostile ones, judged by validators'
	@echo 'make refusals       every refused operation is seen: one right record for each'
	@echo 'make doctor         compile, doctor and --dry-run, also on a kernel that lacks something'
	@echo 'make probe          build/tests/probe, the probe of the walls'
	@echo 'make bench          ratios of launch, search, git status, C build, python start; creations, refusals'
	@echo 'make fresh          both commands of the README on a fresh Debian 12 (root only)'
	@echo 'make install        program, library, manuals, completions; PREFIX, DESTDIR; also uninstall'
	@echo 'make install-test   what is installed, used as a packager and a library user would'
	@echo 'make programs       all that the tests start'
	@echo 'scripts/test        everything'

$(BUILD)/remit: $(COMMAND_OBJECTS) $(BUILD)/libremit.a
	$(Q)$(CC) $(COMPILE) $(LINK) -o $@ $(COMMAND_OBJECTS) $(BUILD)/libremit.a $(LIBS)

$(BUILD)/libremit.a: $(LIBRARY_OBJECTS)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(LIBRARY_OBJECTS)

$(BUILD)/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/generated/%.o: $(BUILD)/generated/%.c
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -c -o $@ $<

$(BUILD)/generate: $(GENERATE_SOURCES) $(GENERATE_BASE) $(wildcard src/generate/*.h)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(INCLUDES) -std=gnu17 $(WARNINGS) -O1 -g -o $@ $(filter %.c,$^) -lseccomp -lyaml

$(BUILD)/generated/tables.c: $(BUILD)/generate $(POLICY_FILES)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/generate tables policies > $@.part
	$(Q)mv $@.part $@

$(BUILD)/generated/filter.c: $(BUILD)/generate policies/syscalls.yaml
	@mkdir -p $(@D)
	$(Q)$(BUILD)/generate filter policies/syscalls.yaml $(ARCH) base > $@.part
	$(Q)mv $@.part $@

# The filters of remit's own processes.
$(BUILD)/generated/supervisor.c $(BUILD)/generated/broker.c $(BUILD)/generated/relay.c \
$(BUILD)/generated/resolver.c: \
$(BUILD)/generated/%.c: policies/%.yaml $(BUILD)/generate
	@mkdir -p $(@D)
	$(Q)$(BUILD)/generate filter $< $(ARCH) $* > $@.part
	$(Q)mv $@.part $@

# The filters of both architectures, for the tests that judge them under the simulator.
SIMULATED := $(BUILD)/generated/filter-x86_64.c $(BUILD)/generated/filter-aarch64.c

$(BUILD)/generated/filter-%.c: $(BUILD)/generate policies/syscalls.yaml
	@mkdir -p $(@D)
	$(Q)$(BUILD)/generate filter policies/syscalls.yaml $* base > $@.part
	$(Q)mv $@.part $@

# --- tests

$(BUILD)/tests/unit/%: tests/unit/%.c $(SUPPORT_SOURCES) $(BUILD)/libremit.a | $(SIMULATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests -Itests/simulator $(COMPILE) -o $@ $(filter %.c,$^) $(BUILD)/libremit.a $(LIBS) \
		$(CHECK)

$(BUILD)/tests/property/%: tests/property/%.c $(BUILD)/libremit.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests $(COMPILE) -o $@ $< $(BUILD)/libremit.a $(LIBS) \
		$(CHECK)

$(BUILD)/tests/probe: $(PROBE_SOURCES) $(wildcard tests/probe/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests/probe $(COMPILE) -static -o $@ $(PROBE_SOURCES)

$(BUILD)/tests/terminal: tests/terminal.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -o $@ $<

$(BUILD)/tests/faults: $(FAULTS_SOURCES) $(wildcard tests/faults/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests/faults $(COMPILE) -o $@ $(FAULTS_SOURCES)

$(BUILD)/tests/inside: tests/faults/inside.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -static -o $@ $<

faults: $(BUILD)/remit $(BUILD)/tests/faults $(BUILD)/tests/inside
	@tests/faults/run

$(BUILD)/tests/differential: $(DIFFERENTIAL_SOURCES) $(wildcard tests/differential/*.h) $(BUILD)/libremit.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests/differential $(COMPILE) $(LINK) -o $@ $(DIFFERENTIAL_SOURCES) \
		$(BUILD)/libremit.a $(LIBS)

$(BUILD)/tests/differential-helper: tests/differential/helper.c tests/differential/operations.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -static -s -o $@ $<

differential: $(BUILD)/remit $(BUILD)/tests/differential $(BUILD)/tests/differential-helper
	@tests/differential/run $(DIFFERENTIAL_SECONDS) $(DIFFERENTIAL_SEED)

$(BUILD)/tests/fidelity: $(FIDELITY_SOURCES) $(wildcard tests/fidelity/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests/fidelity $(COMPILE) -static -o $@ $(FIDELITY_SOURCES) -lpthread

fidelity: $(BUILD)/remit $(BUILD)/tests/fidelity
	@tests/fidelity/run $(FIDELITY_COUNT) $(FIDELITY_SEED)
	@tests/fidelity/stress

$(BUILD)/tests/races: $(wildcard tests/races/*.c) tests/races/races.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) -Itests/races $(COMPILE) -static -o $@ $(filter %.c,$^) -lpthread

races: $(BUILD)/remit $(BUILD)/tests/races
	@tests/races/run $(RACES_ROUNDS)

$(BUILD)/tests/stall: tests/stall/stall.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -isystem /usr/include/fuse3 -o $@ $< -lfuse3 -lpthread

stall: $(BUILD)/remit $(BUILD)/tests/stall
	@tests/stall/run $(STALL_SECONDS)

matrix: $(BUILD)/remit
	@tests/matrix.sh

# What takes longer than a person waits.
soak: $(BUILD)/remit $(BUILD)/tests/connect $(BUILD)/tests/faults $(BUILD)/tests/inside $(BUILD)/tests/refuse $(FUZZ_PROGRAMS) \
		$(BUILD)/tests/fidelity $(BUILD)/tests/races $(BUILD)/tests/stall
	@tests/fidelity/run 120000
	@tests/fidelity/stress 2000
	@tests/races/run 130000
	@tests/stall/run 3600
	@REMIT_WATCH_ROUNDS=200 REMIT_WATCH_SECONDS=10 REMIT_WATCH_NAMES=100000 tests/watch.sh
	@tests/network.sh heavy
	@tests/faults/run every
	@$(MAKE) --no-print-directory differential DIFFERENTIAL_SECONDS=600 DIFFERENTIAL_SEED=
	@tests/fuzz/run 600 $(FUZZ_PROGRAMS)

$(BUILD)/tests/refuse: tests/watch/refuse.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -static -o $@ $< -lpthread

watch: $(BUILD)/remit $(BUILD)/tests/refuse
	@tests/watch.sh

$(BUILD)/tests/connect: tests/network/connect.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -static -o $@ $< -lpthread

network: $(BUILD)/remit $(BUILD)/tests/connect
	@tests/network.sh

network-heavy: $(BUILD)/remit $(BUILD)/tests/connect
	@tests/network.sh heavy

$(BUILD)/tests/fake: tests/fake/fake.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -o $@ $< -lseccomp

$(BUILD)/tests/write-log: tests/audit/write_log.c $(BUILD)/libremit.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) $(LINK) -o $@ $< $(BUILD)/libremit.a $(LIBS)

$(BUILD)/tests/play: tests/approve/play.c $(BUILD)/libremit.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) $(LINK) -o $@ $< $(BUILD)/libremit.a $(LIBS)

approve: $(BUILD)/remit $(BUILD)/tests/play
	@tests/approve.sh

audit-test: $(BUILD)/remit $(BUILD)/tests/write-log
	@tests/audit.sh

doctor: $(BUILD)/remit $(BUILD)/tests/fake
	@tests/doctor.sh

learn: $(BUILD)/remit
	@tests/learn.sh

$(BUILD)/tests/operate: tests/refusals/operate.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -static -o $@ $<

refusals: $(BUILD)/remit $(BUILD)/tests/operate
	@tests/refusals.sh

interface: $(BUILD)/remit $(BUILD)/tests/terminal
	@tests/interface.sh

places: $(BUILD)/remit
	@tests/places.sh

probe: $(BUILD)/tests/probe

test: $(BUILD)/remit $(UNIT_PROGRAMS)
	@tests/run-programs $(UNIT_PROGRAMS)

# The program is dynamic here: gcc refuses -static with the address sanitizer.
test-sanitize:
	$(Q)$(MAKE) BUILD=$(BUILD)/sanitize CFLAGS='-O1 -g $(SANITIZE)' HARDEN= LINK= test

FUZZ_FLAGS := -std=gnu17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
# The library once, with the counters that the fuzzer reads; each target links it.
FUZZ_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/fuzz/%.o) $(GENERATED:$(BUILD)/%.c=$(BUILD)/fuzz/%.o)

$(BUILD)/fuzz/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(INCLUDES) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/generated/%.o: $(BUILD)/generated/%.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(INCLUDES) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(INCLUDES) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_OBJECTS) $(LIBS)

fuzz-short: $(FUZZ_PROGRAMS)
	@FUZZ_SEED=20261121 tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ_PROGRAMS)

# --- aarch64: the whole library and program cross-built, and what an emulator can show of them

CROSS           := $(BUILD)/aarch64
CROSS_PREFIX    ?= aarch64-linux-gnu-
CROSS_LIBRARIES ?= $(CROSS)/libraries
# Not test_generate: it starts the generator, which is tested on this machine.
# Nor those that are about notifications and file systems of the kernel: an emulator has none.
CROSS_UNITS     := $(filter-out %/test_generate %/test_guard_git %/test_guard_folding, \
	$(UNIT_PROGRAMS:$(BUILD)/%=$(CROSS)/%))
CROSS_MAKE       = $(MAKE) -s --no-print-directory BUILD=$(CROSS) ARCH=aarch64 LINK=-static AR=$(CROSS_PREFIX)ar \
	CC='$(CROSS_PREFIX)gcc -static -isystem $(CROSS_LIBRARIES)/usr/include \
	-L$(CROSS_LIBRARIES)/usr/lib/aarch64-linux-gnu' CHECK='-lcheck -lsubunit -lrt -lm -pthread'

cross:
	@if reason=$$(tests/aarch64.sh --missing build); then echo "cross: $$reason" >&2; exit 1; fi
	+$(Q)$(CROSS_MAKE) $(CROSS)/remit $(CROSS)/libremit.a

# The generator as it would be on a machine of that kind.
$(BUILD)/tests/generate: $(GENERATE_SOURCES) $(GENERATE_BASE) $(wildcard src/generate/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -o $@ $(filter %.c,$^) -lseccomp -lyaml

aarch64: $(BUILD)/remit $(SIMULATED) $(BUILD)/tests/property/test_monotone
	+$(Q)tests/aarch64.sh --missing >/dev/null || $(CROSS_MAKE) $(CROSS)/remit $(CROSS)/tests/generate $(CROSS_UNITS)
	@tests/aarch64.sh $(CROSS_UNITS)

bench: $(BUILD)/remit $(BUILD)/tests/refuse
	@tests/bench/bench

fresh:
	@tests/fresh

# --- analysis

LINT_SOURCES := $(LIBRARY_SOURCES) $(COMMAND_SOURCES) $(GENERATE_SOURCES)
FORMATTED    := $(sort $(wildcard src/*/*.[ch] include/*.h docs/examples/*.c tests/*.c tests/*/*.[ch]))
SCRIPTS      := $(shell grep -rlE '^.!(/usr)?/bin/(env )?(ba)?sh' scripts tests .ci 2>/dev/null) \
                scripts/completions/remit.bash

lint: $(GENERATED)
	$(Q)clang-format --dry-run --Werror $(FORMATTED)
	$(Q)printf '%s\n' $(LINT_SOURCES) | xargs -P $(shell nproc) -n 4 sh -c \
		'clang-tidy --quiet "$$@" -- -std=gnu17 $(INCLUDES) 2>/dev/null' clang-tidy
	$(Q)cppcheck --quiet -j $(shell nproc) --std=c11 --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 --suppressions-list=.cppcheck -D__x86_64__ \
		-Isrc -Iinclude $(LINT_SOURCES)
	$(Q)shellcheck -x $(SCRIPTS)
	+@if [ "$$REMIT_SKIP" != fail ] && reason=$$(tests/aarch64.sh --missing build); \
		then echo "skipped: the cross build for aarch64: $$reason"; \
		else $(MAKE) --no-print-directory cross; fi
	@echo 'lint: nothing found'

clean:
	rm -rf $(BUILD)

# --- installation
#
# The usual variables of the GNU coding standards; DESTDIR is put in front of every one. Where the
# program cannot run on the machine that builds it, RUN says what runs it (RUN=qemu-aarch64).

PREFIX         ?= /usr/local
prefix         ?= $(PREFIX)
exec_prefix    ?= $(prefix)
bindir         ?= $(exec_prefix)/bin
libdir         ?= $(exec_prefix)/lib
includedir     ?= $(prefix)/include
datarootdir    ?= $(prefix)/share
datadir        ?= $(datarootdir)
mandir         ?= $(datarootdir)/man
docdir         ?= $(datarootdir)/doc/remit
pkgconfigdir   ?= $(libdir)/pkgconfig
bashcompdir    ?= $(datadir)/bash-completion/completions
zshcompdir     ?= $(datadir)/zsh/site-functions
fishcompdir    ?= $(datadir)/fish/vendor_completions.d
INSTALL         ?= install
INSTALL_PROGRAM ?= $(INSTALL) -m 755
INSTALL_DATA    ?= $(INSTALL) -m 644

VERSION        := $(shell sed -n 's/^\treturn "\([0-9.]*\)";$$/\1/p' src/library/prepare.c)
# Before 1.0 a minor version may change the interface, so it is a part of the soname.
SONAME         := libremit.so.$(basename $(VERSION))
SHARED_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/shared/%.o) \
                  $(GENERATED:$(BUILD)/%.c=$(BUILD)/shared/%.o)

$(BUILD)/shared/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -fPIC -MMD -MP -c -o $@ $<

$(BUILD)/shared/generated/%.o: $(BUILD)/generated/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(INCLUDES) $(COMPILE) -fPIC -c -o $@ $<

$(BUILD)/$(SONAME): $(SHARED_OBJECTS) src/library/exports
	$(Q)$(CC) $(COMPILE) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,-z,defs,-z,relro,-z,now \
		-Wl,--version-script=src/library/exports -o $@ $(SHARED_OBJECTS) $(LIBS)

# What depends on the folders above is made anew each time.
$(BUILD)/remit.pc: scripts/remit.pc.in FORCE
	$(Q)sed -e 's|@libraries@|$(LIBS)|' -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' -e 's|@version@|$(VERSION)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|dir=$(prefix)/|dir=$${prefix}/|' $< > $@

$(BUILD)/completions/remit.%: scripts/completions/remit.% scripts/completions/fill $(BUILD)/remit FORCE
	@mkdir -p $(@D)
	$(Q)$(RUN) $(BUILD)/remit --print-options > $@.table
	$(Q)scripts/completions/fill $< $(datadir)/remit/ceilings < $@.table > $@
	$(Q)rm $@.table

# FILE:FOLDER:NAME, one word a file; the program and the library have lines of their own.
INSTALLED := \
	include/remit.h:$(includedir):remit.h \
	$(BUILD)/libremit.a:$(libdir):libremit.a \
	$(BUILD)/remit.pc:$(pkgconfigdir):remit.pc \
	docs/remit.1:$(mandir)/man1:remit.1 \
	docs/libremit.3:$(mandir)/man3:libremit.3 \
	docs/remit-policy.5:$(mandir)/man5:remit-policy.5 \
	$(BUILD)/completions/remit.bash:$(bashcompdir):remit \
	$(BUILD)/completions/remit.zsh:$(zshcompdir):_remit \
	$(BUILD)/completions/remit.fish:$(fishcompdir):remit.fish \
	$(foreach file,$(sort $(wildcard policies/ceilings/*.yaml)),$(file):$(datadir)/remit/ceilings:$(notdir $(file))) \
	$(foreach file,README.md SECURITY.md LICENSE docs/design.md,$(file):$(docdir):$(notdir $(file))) \
	$(foreach file,$(sort $(wildcard docs/examples/*)),$(file):$(docdir)/examples:$(notdir $(file)))
INSTALLED_FILES := $(foreach entry,$(INSTALLED),$(firstword $(subst :, ,$(entry))))

install: $(BUILD)/remit $(BUILD)/$(SONAME) $(INSTALLED_FILES)
	$(Q)$(INSTALL) -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libdir)"
	$(Q)$(INSTALL_PROGRAM) $(BUILD)/remit "$(DESTDIR)$(bindir)/remit"
	$(Q)$(INSTALL_DATA) $(BUILD)/$(SONAME) "$(DESTDIR)$(libdir)/libremit.so.$(VERSION)"
	$(Q)ln -sf libremit.so.$(VERSION) "$(DESTDIR)$(libdir)/$(SONAME)"
	$(Q)ln -sf $(SONAME) "$(DESTDIR)$(libdir)/libremit.so"
	$(Q)set -e; for entry in $(INSTALLED); do \
		file=$${entry%%:*}; place=$${entry#*:}; folder="$(DESTDIR)$${place%:*}"; \
		$(INSTALL) -d "$$folder"; \
		$(INSTALL_DATA) "$$file" "$$folder/$${place##*:}"; \
	done

# Removes the files, and the folders that are remit's own. Shared folders stay, though empty.
uninstall:
	$(Q)rm -f "$(DESTDIR)$(bindir)/remit" "$(DESTDIR)$(libdir)/libremit.so" \
		"$(DESTDIR)$(libdir)/$(SONAME)" "$(DESTDIR)$(libdir)/libremit.so.$(VERSION)"
	$(Q)set -e; for entry in $(INSTALLED); do \
		place=$${entry#*:}; rm -f "$(DESTDIR)$${place%:*}/$${place##*:}"; \
	done
	$(Q)for folder in $(datadir)/remit/ceilings $(datadir)/remit $(docdir)/examples $(docdir); do \
		[ ! -d "$(DESTDIR)$$folder" ] || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$folder"; \
	done

install-test: $(BUILD)/remit $(BUILD)/$(SONAME) $(BUILD)/libremit.a
	@tests/install.sh
	@tests/completions.sh

-include $(SHARED_OBJECTS:.o=.d)
.PHONY: install uninstall install-test FORCE

# --- the end

# All that the tests start: after it, tests that run beside each other build nothing.
programs: $(BUILD)/remit $(BUILD)/$(SONAME) $(UNIT_PROGRAMS) $(SIMULATED) $(addprefix $(BUILD)/tests/, \
		connect differential differential-helper fake faults fidelity inside operate play probe races \
		refuse stall terminal write-log)

-include $(LIBRARY_OBJECTS:.o=.d) $(COMMAND_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d)

.PHONY: network network-heavy fidelity races matrix stall all help refusals learn cross aarch64 faults differential soak test test-sanitize fuzz-short bench fresh lint interface doctor probe clean audit-test places watch
.DELETE_ON_ERROR:
.SECONDARY: $(GENERATED) $(SIMULATED) $(FUZZ_OBJECTS)
