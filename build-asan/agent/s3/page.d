build-asan/agent/s3/page.o: agent/s3/page.c agent/s3/page.h \
 agent/s3/../../operator/base/arena.h \
 agent/s3/../../operator/base/error.h \
 agent/s3/../../operator/base/slice.h agent/s3/list.h agent/s3/transfer.h \
 agent/s3/../reason.h agent/s3/location.h \
 agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/memory.h agent/s3/xml.h
agent/s3/page.h:
agent/s3/../../operator/base/arena.h:
agent/s3/../../operator/base/error.h:
agent/s3/../../operator/base/slice.h:
agent/s3/list.h:
agent/s3/transfer.h:
agent/s3/../reason.h:
agent/s3/location.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/memory.h:
agent/s3/xml.h:
