build-asan/operator/base/fields_check.o: operator/base/fields_check.c \
 operator/base/fields.h operator/base/arena.h operator/base/error.h \
 operator/base/scan.h operator/base/slice.h operator/base/jb.h \
 operator/base/strbuf.h
operator/base/fields.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/scan.h:
operator/base/slice.h:
operator/base/jb.h:
operator/base/strbuf.h:
