build-asan/operator/http/request.o: operator/http/request.c \
 operator/http/request.h operator/http/../base/slice.h \
 operator/http/../base/memory.h
operator/http/request.h:
operator/http/../base/slice.h:
operator/http/../base/memory.h:
