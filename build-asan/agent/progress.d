build-asan/agent/progress.o: agent/progress.c agent/progress.h
agent/progress.h:
