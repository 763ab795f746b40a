build-asan/agent/main.o: agent/main.c agent/../operator/base/memory.h \
 agent/commands.h
agent/../operator/base/memory.h:
agent/commands.h:
