build-asan/agent/s3/xml.o: agent/s3/xml.c agent/s3/xml.h \
 agent/s3/../../operator/base/slice.h \
 agent/s3/../../operator/base/strbuf.h \
 agent/s3/../../operator/base/error.h
agent/s3/xml.h:
agent/s3/../../operator/base/slice.h:
agent/s3/../../operator/base/strbuf.h:
agent/s3/../../operator/base/error.h:
