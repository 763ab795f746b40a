build-asan/operator/base/yaml_dump.o: operator/base/yaml_dump.c \
 operator/base/yaml.h operator/base/arena.h operator/base/error.h \
 operator/base/slice.h operator/base/strbuf.h operator/base/yaml_scalar.h
operator/base/yaml.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/slice.h:
operator/base/strbuf.h:
operator/base/yaml_scalar.h:
