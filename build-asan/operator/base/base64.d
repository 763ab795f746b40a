build-asan/operator/base/base64.o: operator/base/base64.c \
 operator/base/base64.h operator/base/strbuf.h operator/base/error.h
operator/base/base64.h:
operator/base/strbuf.h:
operator/base/error.h:
