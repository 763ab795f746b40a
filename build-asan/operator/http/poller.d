build-asan/operator/http/poller.o: operator/http/poller.c \
 operator/http/poller.h operator/http/../base/error.h \
 operator/http/../base/memory.h
operator/http/poller.h:
operator/http/../base/error.h:
operator/http/../base/memory.h:
