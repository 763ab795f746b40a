build-asan/agent/s3/location.o: agent/s3/location.c agent/s3/location.h \
 agent/s3/../../operator/base/slice.h \
 agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/error.h agent/s3/../reason.h \
 agent/s3/../../operator/base/file.h \
 agent/s3/../../operator/base/memory.h
agent/s3/location.h:
agent/s3/../../operator/base/slice.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/error.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/file.h:
agent/s3/../../operator/base/memory.h:
