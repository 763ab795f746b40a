# Kitae. `make help` lists the targets. Knobs, all from the command line or the environment:
#
#   CC, CFLAGS, LDFLAGS    as ever; ours are added to them
#   DEVELOPER=1            warnings are errors
#   SANITIZE=address,undefined | thread      builds into build/san-..., beside the plain build
#   BUILD=dir              where everything goes (default: build)
#   PREFIX, DESTDIR        where `make install` puts files (default /usr/local)
#   V=1                    shows the commands
#   SEEDS=n                histories of `make simulation`
#   FUZZ_SECONDS=n         how long `make fuzz` stays with each parser

VERSION := 0.1.0
CC ?= gcc
CFLAGS ?= -O2 -g
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))
PREFIX ?= /usr/local
comma := ,

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings -Wformat=2 -Wno-missing-field-initializers
ifneq ($(findstring clang,$(CC)),clang)
WARNINGS += -Wjump-misses-init $(if $(SANITIZE),-Wno-format-truncation) # false alarms behind the sanitizers' checks
endif
ifdef DEVELOPER
WARNINGS += -Werror
endif
# tests/image/hardening checks what is in the programs. Branches land where they may: CET, or BTI and PAC.
BRANCHES := $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full,-mbranch-protection=standard)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE $(BRANCHES) $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
# The same programs wherever the source lies.
HARDENING += -ffile-prefix-map=$(CURDIR)=.
KITAE_CFLAGS := -std=gnu17 $(WARNINGS) $(HARDENING) -DKITAE_VERSION='"$(VERSION)"' -MMD -MP $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
KITAE_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(if $(SANITIZE),-fsanitize=$(SANITIZE))
Q := $(if $(V),,@)

# Our kinds: crds/<kind>.yaml, controllers/<kind>/.
KINDS := dataset model servingendpoint trainingjob

sources = $(sort $(wildcard $(1)))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

# The layers, lowest first; tools/lint checks that no #include climbs. PURE is all a plan function may be linked with.
BASE := $(call sources,operator/base/*.c)
MODEL := $(call sources,operator/model/*.c)
CONTROLLERS := $(call sources,controllers/*.c controllers/*/*.c)
PURE := $(BASE) $(MODEL) $(CONTROLLERS)
HTTP := $(call sources,operator/http/*.c)
CLI := $(call sources,operator/cli/*.c)
KUBE := $(call sources,operator/kube/*.c)
# The engine proper does no I/O: simulation and golden link it without curl and libwebsockets.
ENGINE := $(call sources,operator/engine/*.c) operator/http/question.c operator/http/request.c operator/kube/certificate.c operator/serve/metrics.c
PROGRAM := $(sort $(PURE) $(CLI) $(HTTP) $(KUBE) $(call sources,operator/engine/*.c operator/serve/*.c operator/driver/*.c operator/commands/*.c) operator/main.c)

# The agent stands on base and http alone. It has a main of its own, so its program is made when that is there.
AGENT := $(call sources,agent/*.c agent/*/*.c)
AGENT_PROGRAM := $(if $(wildcard agent/main.c),$(BUILD)/kitae-agent)

PURE_LIBS := -ljansson -lyaml -lcrypto -lm
LIBS := $(PURE_LIBS) -lcurl -lwebsockets -lssl -lcrypto -lpthread

.PHONY: all help clean
all: $(BUILD)/kitae $(AGENT_PROGRAM) ## the operator, build/kitae, and what moves data, build/kitae-agent

# Other flags make other objects; warnings do not.
FLAGS := $(CC) $(HARDENING) $(CFLAGS) $(VERSION)
$(BUILD)/flags: $(if $(filter-out $(file <$(BUILD)/flags),$(FLAGS)),flags-differ)
	@mkdir -p $(@D)
	@echo '$(FLAGS)' >$@
.PHONY: flags-differ

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(KITAE_CFLAGS) $(CFLAGS) -c -o $@ $<

define link
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(KITAE_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(1)
endef

$(BUILD)/kitae: $(call objects,$(PROGRAM))
	$(call link,$(LIBS))

AGENT_LIBS := -ljansson -lyaml -lcurl -lssl -lcrypto -lm
$(BUILD)/kitae-agent: $(call objects,$(sort $(AGENT) $(HTTP) $(CLI) $(BASE)))
	$(call link,$(AGENT_LIBS))

# -- generated code --------------------------------------------------------------------------------------------------
$(BUILD)/crdgen: $(call objects,$(call sources,tools/crdgen*.c) $(BASE))
	$(call link,$(PURE_LIBS))

.PHONY: generate verify
generate: $(BUILD)/crdgen ## from crds/*.yaml: field tables, what the chart has of them, docs/reference.md
	$(Q)for kind in $(KINDS); do $(BUILD)/crdgen crds/$$kind.yaml $$kind controllers/$$kind/$${kind}_fields; done
	$(Q)clang-format -i controllers/*/*_fields.[ch]
	$(Q)tools/chart-files
	$(Q)tools/reference >docs/reference.md

verify: $(BUILD)/crdgen ## fails when generated files are stale
	$(Q)rm -rf $(BUILD)/verify && mkdir -p $(BUILD)/verify
	$(Q)for kind in $(KINDS); do $(BUILD)/crdgen crds/$$kind.yaml $$kind $(BUILD)/verify/$${kind}_fields; done
	$(Q)clang-format -i --style=file:.clang-format $(BUILD)/verify/*_fields.[ch]
	$(Q)for f in $(BUILD)/verify/*_fields.[ch]; do name=$$(basename $$f); diff -u controllers/$${name%%_*}/$$name $$f || { echo "stale: run 'make generate' and commit"; exit 1; }; done
	$(Q)tools/chart-files $(BUILD)/verify/chart
	$(Q)tools/reference | diff -u docs/reference.md - || { echo "stale: run 'make generate' and commit"; exit 1; }
	$(Q)cd $(BUILD)/verify/chart && find . -type f -exec diff -u $(CURDIR)/charts/kitae/{} {} \; | { ! grep .; } || { echo "stale: run 'make generate' and commit"; exit 1; }
	$(Q)[ "$$(ls crds)" = "$$(ls charts/kitae/templates/crds)" ] || { echo "stale: run 'make generate' and commit"; exit 1; }

# -- tests -----------------------------------------------------------------------------------------------------------
# All but main.c, as an archive: a test links what it uses and no more.
$(BUILD)/libkitae.a: $(call objects,$(filter-out operator/main.c,$(PROGRAM)))
	$(if $(V),,@echo "  AR    $@")
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/libagent.a: $(call objects,$(filter-out agent/main.c,$(AGENT)))
	$(if $(V),,@echo "  AR    $@")
	$(Q)rm -f $@ && ar rcs $@ $^

TESTS_UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(call sources,tests/unit/test_*.c))
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libagent.a $(BUILD)/libkitae.a
	$(call link,$(BUILD)/libagent.a $(BUILD)/libkitae.a -lcmocka $(LIBS))
.SECONDARY: $(patsubst %,$(BUILD)/tests/unit/%.o,$(notdir $(TESTS_UNIT)))

# Both carriers of watches against an API server: `make watch`.
$(BUILD)/integration/%: $(BUILD)/tests/integration/%.o $(BUILD)/libkitae.a
	$(call link,$(BUILD)/libkitae.a -lcmocka $(LIBS))
.SECONDARY: $(BUILD)/tests/integration/test_watch.o

# The agent's client against a real S3 server; it says which in its environment.
$(BUILD)/s3/%: $(BUILD)/tests/s3/%.o $(BUILD)/libagent.a $(BUILD)/libkitae.a
	$(call link,$(BUILD)/libagent.a $(BUILD)/libkitae.a -lcmocka $(AGENT_LIBS))
.SECONDARY: $(BUILD)/tests/s3/test_s3.o

.PHONY: unit golden simulation fuzz check test test-integration demo
unit: $(TESTS_UNIT) ## one module each, no network
	$(Q)tools/run-tests unit $(TESTS_UNIT)

$(BUILD)/golden: $(call objects,$(call sources,tests/golden/*.c) $(PURE) $(ENGINE))
	$(call link,$(PURE_LIBS))
golden: $(BUILD)/golden $(BUILD)/kitae ## what a user gets for what they wrote; UPDATE_GOLDEN=1 rewrites
	$(Q)$(BUILD)/golden tests/golden
	$(Q)tests/golden/documents $(BUILD)/kitae docs/training.md docs/dataset.md docs/model.md docs/serving.md

$(BUILD)/simulation: $(call objects,$(call sources,tests/simulation/*.c) $(PURE) $(ENGINE))
	$(call link,$(PURE_LIBS))
SEEDS ?= 1000
simulation: $(BUILD)/simulation ## the real engine against a model of a cluster, SEEDS histories
	$(Q)tests/simulation/run $(BUILD)/simulation $(SEEDS)

# One program a parser, built by clang with libFuzzer and the sanitizers, in a build folder of its own (objects are made
# once for all of them); findings are kept there.
FUZZ_SECONDS ?= 10
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(call sources,tests/fuzz/fuzz_*.c))
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libagent.a $(BUILD)/libkitae.a
	$(call link,-fsanitize=fuzzer $(BUILD)/libagent.a $(BUILD)/libkitae.a $(LIBS))
$(BUILD)/fuzz/fuzz_digits_http: $(call objects,examples/digits/http.c examples/digits/pixels.c examples/digits/error.c)
.SECONDARY: $(patsubst %,$(BUILD)/tests/fuzz/%.o,$(notdir $(FUZZ)))
.PHONY: fuzz-run
fuzz: ## every parser, FUZZ_SECONDS each
	$(Q)$(MAKE) --no-print-directory CC=clang SANITIZE=fuzzer-no-link,address,undefined BUILD=$(BUILD)/fuzzing fuzz-run
fuzz-run: $(FUZZ)
	$(Q)tools/run-fuzz $(FUZZ_SECONDS) $(FUZZ)

check: all unit golden simulation lint verify ## everything a commit must pass; under 3 minutes

test: ## everything that CI runs; sets up what it needs
	$(Q)tools/test

.PHONY: test-full
test-full: all ## what is too slow for `make test`: slow faults, all of integration under sanitizers, mutants of the simulation
	$(Q)tests/integration/run --slow
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined all
	$(Q)KITAE=build/san-address-undefined/kitae tests/integration/run
	$(Q)$(MAKE) --no-print-directory SANITIZE=thread all
	$(Q)KITAE=build/san-thread/kitae tests/integration/run
	$(Q)tests/simulation/mutants/run

test-integration: all ## against a real control plane (kwok nodes)
	$(Q)tests/integration/run

# A new API server still has every version since the first; one that was started again does not.
.PHONY: watch
watch: $(BUILD)/integration/test_watch ## both carriers of watches, on a cluster of their own
	$(Q)TEST_TIMEOUT=300 tests/integration/with-cluster it-watch sh -c \
		'tests/cluster/cluster restart-apiserver >/dev/null && tools/run-tests watch $<'

.PHONY: e2e
e2e: all ## on a real node (needs root): the cluster itself, the demo, the walk by hand, jobs of real frameworks
	$(Q)tools/test e2e

demo: ## trains on a real cluster on this machine, and shows it
	$(Q)tools/setup build
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tools/demo

.PHONY: bench
bench: all ## loads, beside a client that only POSTs; BENCH_FLAGS=--peers adds other operators
	$(Q)tests/bench/run $(BENCH_FLAGS)

# -- the rest --------------------------------------------------------------------------------------------------------
.PHONY: lint format
lint: $(call objects,$(PURE)) ## layers, purity, sizes, format, headers that compile alone
	$(Q)tools/lint $(BUILD)
	$(Q)tools/hdr-check

format: ## clang-format over our C
	$(Q)git ls-files '*.[ch]' | xargs clang-format -i

.PHONY: install
install: all ## puts files under PREFIX (custom resources go into a cluster by install-crds)
	install -D -m 755 $(BUILD)/kitae $(DESTDIR)$(PREFIX)/bin/kitae
	install -D -m 755 $(AGENT_PROGRAM) $(DESTDIR)$(PREFIX)/bin/kitae-agent
	$(Q)tools/install-pages $(BUILD) $(DESTDIR)$(PREFIX)/share

# -- what is released ------------------------------------------------------------------------------------------------
IMAGE ?= $(shell sed -n 's/^.define DEFAULT_AGENT_IMAGE "\(.*\):".*/\1/p' operator/model/observed.h):$(VERSION)
.PHONY: image
image: all ## an OCI archive, build/image.tar, and its SBOM; IMAGE=NAME:TAG
	$(Q)tools/oci-image $(IMAGE) $(BUILD) $(BUILD)/image.tar
.PHONY: test-image
test-image: all ## the image and what is in it
	$(Q)tests/image/test

.PHONY: deploy-files chart
deploy-files: ## deploy/install.yaml and the bases for kustomize, from charts/kitae
	$(Q)tools/deploy-files
chart: all ## charts/kitae and deploy/: Helm 3 and 4, schemas, policies, alerts, health; then on a cluster of its own
	$(Q)tests/charts/run
	$(Q)tests/integration/with-cluster it-chart tests/charts/cluster

clean: ## removes build/
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
