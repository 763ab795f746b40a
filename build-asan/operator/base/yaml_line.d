build-asan/operator/base/yaml_line.o: operator/base/yaml_line.c \
 operator/base/yaml.h operator/base/arena.h operator/base/error.h \
 operator/base/slice.h operator/base/strbuf.h operator/base/yaml_place.h
operator/base/yaml.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/slice.h:
operator/base/strbuf.h:
operator/base/yaml_place.h:
