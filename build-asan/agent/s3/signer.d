build-asan/agent/s3/signer.o: agent/s3/signer.c agent/s3/signer.h \
 agent/s3/../../operator/base/arena.h \
 agent/s3/../../operator/base/error.h \
 agent/s3/../../operator/http/request.h \
 agent/s3/../../operator/http/../base/slice.h agent/s3/credentials.h \
 agent/s3/../reason.h agent/s3/../../operator/base/memory.h \
 agent/s3/../../operator/base/strbuf.h
agent/s3/signer.h:
agent/s3/../../operator/base/arena.h:
agent/s3/../../operator/base/error.h:
agent/s3/../../operator/http/request.h:
agent/s3/../../operator/http/../base/slice.h:
agent/s3/credentials.h:
agent/s3/../reason.h:
agent/s3/../../operator/base/memory.h:
agent/s3/../../operator/base/strbuf.h:
