build-asan/agent/s3/put.o: agent/s3/put.c agent/s3/put.h \
 agent/s3/../../operator/base/slice.h agent/s3/transfer.h \
 agent/s3/../reason.h agent/s3/../../operator/base/error.h \
 agent/s3/location.h agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/memory.h agent/s3/call.h \
 agent/s3/../../operator/http/client.h \
 agent/s3/../../operator/http/request.h \
 agent/s3/../../operator/http/settings.h agent/s3/error.h agent/s3/xml.h
agent/s3/put.h:
agent/s3/../../operator/base/slice.h:
agent/s3/transfer.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/error.h:
agent/s3/location.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/memory.h:
agent/s3/call.h:
agent/s3/../../operator/http/client.h:
agent/s3/../../operator/http/request.h:
agent/s3/../../operator/http/settings.h:
agent/s3/error.h:
agent/s3/xml.h:
