build-asan/operator/base/yaml.o: operator/base/yaml.c \
 operator/base/yaml.h operator/base/arena.h operator/base/error.h \
 operator/base/slice.h operator/base/strbuf.h operator/base/jb.h \
 operator/base/map.h operator/base/memory.h operator/base/yaml_place.h \
 operator/base/yaml_scalar.h
operator/base/yaml.h:
operator/base/arena.h:
operator/base/error.h:
operator/base/slice.h:
operator/base/strbuf.h:
operator/base/jb.h:
operator/base/map.h:
operator/base/memory.h:
operator/base/yaml_place.h:
operator/base/yaml_scalar.h:
