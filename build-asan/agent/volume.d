build-asan/agent/volume.o: agent/volume.c agent/volume.h agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/../operator/base/memory.h \
 agent/volume_error.h
agent/volume.h:
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/../operator/base/memory.h:
agent/volume_error.h:
