build-asan/agent/source.o: agent/source.c agent/source.h \
 agent/../operator/cli/options.h agent/s3/transfer.h agent/s3/../reason.h \
 agent/s3/../../operator/base/error.h agent/s3/location.h \
 agent/s3/../../operator/base/slice.h \
 agent/s3/../../operator/base/strbuf.h agent/select.h agent/s3/list.h \
 agent/../operator/base/memory.h
agent/source.h:
agent/../operator/cli/options.h:
agent/s3/transfer.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/error.h:
agent/s3/location.h:
agent/s3/../../operator/base/slice.h:
agent/s3/../../operator/base/strbuf.h:
agent/select.h:
agent/s3/list.h:
agent/../operator/base/memory.h:
