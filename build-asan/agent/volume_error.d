build-asan/agent/volume_error.o: agent/volume_error.c \
 agent/volume_error.h agent/reason.h agent/../operator/base/error.h
agent/volume_error.h:
agent/reason.h:
agent/../operator/base/error.h:
