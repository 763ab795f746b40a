build-asan/agent/diff.o: agent/diff.c agent/commands.h agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h
agent/commands.h:
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
