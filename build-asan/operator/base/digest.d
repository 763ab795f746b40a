build-asan/operator/base/digest.o: operator/base/digest.c \
 operator/base/digest.h operator/base/slice.h
operator/base/digest.h:
operator/base/slice.h:
