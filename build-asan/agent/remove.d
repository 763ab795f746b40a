build-asan/agent/remove.o: agent/remove.c agent/../operator/cli/options.h \
 agent/commands.h agent/result.h agent/reason.h \
 agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/volume.h agent/manifest.h
agent/../operator/cli/options.h:
agent/commands.h:
agent/result.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/volume.h:
agent/manifest.h:
