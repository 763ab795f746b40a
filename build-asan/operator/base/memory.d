build-asan/operator/base/memory.o: operator/base/memory.c \
 operator/base/memory.h operator/base/error.h
operator/base/memory.h:
operator/base/error.h:
