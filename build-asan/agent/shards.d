build-asan/agent/shards.o: agent/shards.c agent/shards.h \
 agent/../operator/base/memory.h
agent/shards.h:
agent/../operator/base/memory.h:
