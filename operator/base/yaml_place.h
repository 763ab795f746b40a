#pragma once
/* Where values of a document were written: what yaml_parse leaves for yaml_line. */

struct yaml_place {
    const char *key;                 /* of a member of a mapping, else NULL */
    unsigned line;                   /* of the key, or of an item itself; from 1 */
    struct yaml_place *first, *next; /* children in their order; siblings */
};
