build-asan/operator/base/yaml_scalar.o: operator/base/yaml_scalar.c \
 operator/base/yaml_scalar.h operator/base/memory.h
operator/base/yaml_scalar.h:
operator/base/memory.h:
