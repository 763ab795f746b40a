build-asan/agent/fetch.o: agent/fetch.c agent/../operator/base/memory.h \
 agent/commands.h agent/listed.h agent/pull.h agent/manifest.h \
 agent/reason.h agent/../operator/base/error.h agent/sha256.h \
 agent/../operator/base/slice.h agent/s3/list.h agent/s3/transfer.h \
 agent/s3/location.h agent/s3/../../operator/base/strbuf.h agent/source.h \
 agent/../operator/cli/options.h agent/select.h agent/progress.h \
 agent/result.h agent/s3/get.h agent/volume.h agent/volume_error.h
agent/../operator/base/memory.h:
agent/commands.h:
agent/listed.h:
agent/pull.h:
agent/manifest.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/sha256.h:
agent/../operator/base/slice.h:
agent/s3/list.h:
agent/s3/transfer.h:
agent/s3/location.h:
agent/s3/../../operator/base/strbuf.h:
agent/source.h:
agent/../operator/cli/options.h:
agent/select.h:
agent/progress.h:
agent/result.h:
agent/s3/get.h:
agent/volume.h:
agent/volume_error.h:
