build-asan/operator/base/ssh_key.o: operator/base/ssh_key.c \
 operator/base/ssh_key.h operator/base/strbuf.h operator/base/error.h \
 operator/base/base64.h operator/base/memory.h
operator/base/ssh_key.h:
operator/base/strbuf.h:
operator/base/error.h:
operator/base/base64.h:
operator/base/memory.h:
