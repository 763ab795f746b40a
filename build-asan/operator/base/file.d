build-asan/operator/base/file.o: operator/base/file.c \
 operator/base/file.h operator/base/error.h operator/base/strbuf.h
operator/base/file.h:
operator/base/error.h:
operator/base/strbuf.h:
