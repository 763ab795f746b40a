build-asan/agent/reason.o: agent/reason.c agent/reason.h \
 agent/../operator/base/error.h
agent/reason.h:
agent/../operator/base/error.h:
