build-asan/agent/s3/error.o: agent/s3/error.c agent/s3/error.h \
 agent/s3/../../operator/base/slice.h agent/s3/location.h \
 agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/error.h agent/s3/../reason.h \
 agent/s3/../../operator/base/memory.h agent/s3/xml.h
agent/s3/error.h:
agent/s3/../../operator/base/slice.h:
agent/s3/location.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/error.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/memory.h:
agent/s3/xml.h:
