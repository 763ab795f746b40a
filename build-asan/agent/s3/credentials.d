build-asan/agent/s3/credentials.o: agent/s3/credentials.c \
 agent/s3/credentials.h agent/s3/../reason.h \
 agent/s3/../../operator/base/error.h agent/s3/../../operator/base/file.h \
 agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/memory.h \
 agent/s3/../../operator/http/client.h \
 agent/s3/../../operator/http/request.h \
 agent/s3/../../operator/http/../base/slice.h \
 agent/s3/../../operator/http/settings.h agent/s3/xml.h
agent/s3/credentials.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/error.h:
agent/s3/../../operator/base/file.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/memory.h:
agent/s3/../../operator/http/client.h:
agent/s3/../../operator/http/request.h:
agent/s3/../../operator/http/../base/slice.h:
agent/s3/../../operator/http/settings.h:
agent/s3/xml.h:
