build-asan/agent/select.o: agent/select.c agent/select.h agent/reason.h \
 agent/../operator/base/error.h agent/s3/list.h agent/s3/transfer.h \
 agent/s3/location.h agent/s3/../../operator/base/slice.h \
 agent/s3/../../operator/base/strbuf.h agent/../operator/base/memory.h \
 agent/glob.h
agent/select.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/s3/list.h:
agent/s3/transfer.h:
agent/s3/location.h:
agent/s3/../../operator/base/slice.h:
agent/s3/../../operator/base/strbuf.h:
agent/../operator/base/memory.h:
agent/glob.h:
