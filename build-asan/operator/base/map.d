build-asan/operator/base/map.o: operator/base/map.c operator/base/map.h \
 operator/base/error.h operator/base/memory.h
operator/base/map.h:
operator/base/error.h:
operator/base/memory.h:
