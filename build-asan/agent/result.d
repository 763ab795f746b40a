build-asan/agent/result.o: agent/result.c agent/result.h agent/reason.h \
 agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/../operator/base/jb.h \
 agent/../operator/base/memory.h
agent/result.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/../operator/base/jb.h:
agent/../operator/base/memory.h:
