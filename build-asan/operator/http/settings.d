build-asan/operator/http/settings.o: operator/http/settings.c \
 operator/http/settings.h operator/http/../base/memory.h
operator/http/settings.h:
operator/http/../base/memory.h:
