build-asan/operator/base/error.o: operator/base/error.c \
 operator/base/error.h
operator/base/error.h:
