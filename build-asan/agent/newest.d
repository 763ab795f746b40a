build-asan/agent/newest.o: agent/newest.c agent/../operator/base/memory.h \
 agent/select.h agent/reason.h agent/../operator/base/error.h \
 agent/s3/list.h agent/s3/transfer.h agent/s3/location.h \
 agent/s3/../../operator/base/slice.h \
 agent/s3/../../operator/base/strbuf.h
agent/../operator/base/memory.h:
agent/select.h:
agent/reason.h:
agent/../operator/base/error.h:
agent/s3/list.h:
agent/s3/transfer.h:
agent/s3/location.h:
agent/s3/../../operator/base/slice.h:
agent/s3/../../operator/base/strbuf.h:
