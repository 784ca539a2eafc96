# remit: build, tests, analysis. `make help` lists the targets.
#
# Two kinds of program are built: the generators (src/generate), which run during the build and
# turn policies/ into C tables and seccomp filters, and remit itself.

CC       ?= cc
HOSTCC   ?= cc
CLANG    ?= clang
AR       ?= ar
ARCH     ?= $(shell uname -m)
BUILD    ?= build

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 \
            -Wno-missing-field-initializers
CPPFLAGS_ALL := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -Iinclude -I$(BUILD)/generated $(CPPFLAGS)
CFLAGS   ?= -O2 -g
HARDEN   ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-plt
CFLAGS_ALL := -std=gnu17 $(WARNINGS) $(HARDEN) $(CFLAGS)
LIBS     := -lseccomp -lyaml -lcap -ljansson

LIBRARY_SOURCES  := $(filter-out src/cmd/% src/generate/%,$(sort $(wildcard src/*/*.c)))
COMMAND_SOURCES  := $(sort $(wildcard src/cmd/*.c))
GENERATE_SOURCES := $(sort $(wildcard src/generate/*.c))
GENERATE_BASE    := src/base/error.c src/base/buffer.c src/base/text.c src/base/file.c \
                    src/base/yaml_tree.c src/policy/effect.c
POLICY_FILES     := $(sort $(wildcard policies/*.yaml))
GENERATED        := $(BUILD)/generated/tables.c $(BUILD)/generated/filter.c

LIBRARY_OBJECTS  := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:%.c=%.o)
COMMAND_OBJECTS  := $(COMMAND_SOURCES:%.c=$(BUILD)/%.o)

all: $(BUILD)/remit

$(BUILD)/remit: $(COMMAND_OBJECTS) $(BUILD)/libremit.a
	$(CC) $(CFLAGS_ALL) -static -o $@ $(COMMAND_OBJECTS) $(BUILD)/libremit.a $(LIBS)

$(BUILD)/libremit.a: $(LIBRARY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/generated/%.o: $(BUILD)/generated/%.c
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/generate: $(GENERATE_SOURCES) $(GENERATE_BASE)
	@mkdir -p $(@D)
	$(HOSTCC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $^ -lseccomp -lyaml

$(BUILD)/generated/tables.c: $(BUILD)/generate $(POLICY_FILES)
	@mkdir -p $(@D)
	$(BUILD)/generate tables policies > $@.part
	mv $@.part $@

$(BUILD)/generated/filter.c: $(BUILD)/generate policies/syscalls.yaml
	@mkdir -p $(@D)
	$(BUILD)/generate filter policies/syscalls.yaml $(ARCH) > $@.part
	mv $@.part $@

clean:
	rm -rf $(BUILD)

-include $(LIBRARY_OBJECTS:.o=.d) $(COMMAND_OBJECTS:.o=.d)

.PHONY: all clean
