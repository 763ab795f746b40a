build-asan/agent/glob.o: agent/glob.c agent/glob.h
agent/glob.h:
