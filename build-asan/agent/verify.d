build-asan/agent/verify.o: agent/verify.c agent/../operator/base/memory.h \
 agent/../operator/cli/options.h agent/commands.h agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/result.h
agent/../operator/base/memory.h:
agent/../operator/cli/options.h:
agent/commands.h:
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/result.h:
