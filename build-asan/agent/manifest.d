build-asan/agent/manifest.o: agent/manifest.c agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/volume_error.h
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/volume_error.h:
