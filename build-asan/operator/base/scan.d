build-asan/operator/base/scan.o: operator/base/scan.c \
 operator/base/scan.h operator/base/arena.h operator/base/error.h \
 operator/base/slice.h
operator/base/scan.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/slice.h:
