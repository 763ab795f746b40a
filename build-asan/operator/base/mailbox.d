build-asan/operator/base/mailbox.o: operator/base/mailbox.c \
 operator/base/mailbox.h operator/base/memory.h
operator/base/mailbox.h:
operator/base/memory.h:
