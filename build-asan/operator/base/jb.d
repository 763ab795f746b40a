build-asan/operator/base/jb.o: operator/base/jb.c operator/base/jb.h \
 operator/base/error.h operator/base/slice.h operator/base/memory.h
operator/base/jb.h:
operator/base/error.h:
operator/base/slice.h:
operator/base/memory.h:
