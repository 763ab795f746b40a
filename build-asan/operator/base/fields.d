build-asan/operator/base/fields.o: operator/base/fields.c \
 operator/base/fields.h operator/base/arena.h operator/base/error.h \
 operator/base/scan.h operator/base/slice.h operator/base/memory.h \
 operator/base/strbuf.h
operator/base/fields.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/scan.h:
operator/base/slice.h:
operator/base/memory.h:
operator/base/strbuf.h:
