build-asan/agent/sha256.o: agent/sha256.c agent/sha256.h \
 agent/../operator/base/slice.h agent/../operator/base/error.h
agent/sha256.h:
agent/../operator/base/slice.h:
agent/../operator/base/error.h:
