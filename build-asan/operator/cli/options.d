build-asan/operator/cli/options.o: operator/cli/options.c \
 operator/cli/options.h operator/cli/../base/error.h \
 operator/cli/../base/memory.h operator/cli/../base/strbuf.h
operator/cli/options.h:
operator/cli/../base/error.h:
operator/cli/../base/memory.h:
operator/cli/../base/strbuf.h:
