build-asan/operator/base/strbuf.o: operator/base/strbuf.c \
 operator/base/strbuf.h operator/base/error.h operator/base/memory.h
operator/base/strbuf.h:
operator/base/error.h:
operator/base/memory.h:
