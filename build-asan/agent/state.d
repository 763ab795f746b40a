build-asan/agent/state.o: agent/state.c agent/state.h agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/s3/list.h agent/s3/transfer.h \
 agent/s3/location.h agent/s3/../../operator/base/strbuf.h \
 agent/volume_error.h
agent/state.h:
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/s3/list.h:
agent/s3/transfer.h:
agent/s3/location.h:
agent/s3/../../operator/base/strbuf.h:
agent/volume_error.h:
