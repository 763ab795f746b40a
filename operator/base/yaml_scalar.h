#pragma once
/*
 * What a plain (unquoted) YAML scalar means: the rules of go.yaml.in/yaml/v2, which kubectl and every Go controller
 * read manifests by. In short: YAML 1.1 with yes/no/on/off and y/n as booleans, "0o17" and "017" as octal, underscores
 * in numbers, but neither base 60 nor dates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_type { YAML_STRING, YAML_NULL, YAML_BOOL, YAML_INT, YAML_REAL, YAML_NOT_FINITE };

struct yaml_scalar {
    enum yaml_type type;
    int64_t integer; /* YAML_INT; YAML_BOOL: 0 or 1 */
    double real;     /* YAML_REAL */
};

/*
 * A whole number written as a float ("2.0", "1e3", also "08") is YAML_INT, because it reaches the API server as one:
 * kubectl writes it into JSON as 2. Integers beyond 64 bits are YAML_REAL for the same reason.
 */
struct yaml_scalar yaml_resolve(const char *text);

/* Whether some YAML reader, of any version, takes the plain text for anything but a string. */
bool yaml_is_ambiguous(const char *text);

enum { YAML_REAL_SIZE = 40 };

/* The shortest text that reads back as the same finite number, with a point or an exponent. */
void yaml_format_real(double value, char ret[static YAML_REAL_SIZE]);
