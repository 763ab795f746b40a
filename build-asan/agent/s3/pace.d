build-asan/agent/s3/pace.o: agent/s3/pace.c agent/s3/pace.h
agent/s3/pace.h:
