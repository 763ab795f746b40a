build-asan/operator/http/client.o: operator/http/client.c \
 operator/http/client.h operator/http/../base/error.h \
 operator/http/../base/strbuf.h operator/http/request.h \
 operator/http/../base/slice.h operator/http/settings.h \
 operator/http/../base/memory.h operator/http/poller.h
operator/http/client.h:
operator/http/../base/error.h:
operator/http/../base/strbuf.h:
operator/http/request.h:
operator/http/../base/slice.h:
operator/http/settings.h:
operator/http/../base/memory.h:
operator/http/poller.h:
