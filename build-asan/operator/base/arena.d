build-asan/operator/base/arena.o: operator/base/arena.c \
 operator/base/arena.h operator/base/error.h operator/base/memory.h
operator/base/arena.h:
operator/base/error.h:
operator/base/memory.h:
