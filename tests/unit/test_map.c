#include "../../operator/base/map.h"
#include "../../operator/base/memory.h"
#include "unit.h"

struct entry {
    char name[16];
};

static bool same_name(const void *value, const void *key)
{
    return strcmp(((const struct entry *)value)->name, key) == 0;
}

static struct entry *put(struct map *map, struct entry *entry)
{
    return map_put(map, map_hash(0, entry->name), entry->name, entry);
}

static struct entry *get(const struct map *map, const char *name)
{
    return map_get(map, map_hash(0, name), name);
}

static struct entry *drop(struct map *map, const char *name)
{
    return map_remove(map, map_hash(0, name), name);
}

static void map__empty__has_nothing(void **state)
{
    struct map map;
    size_t at = 0;

    (void)state;
    map_init(&map, same_name);
    assert_null(get(&map, "a"));
    assert_null(drop(&map, "a"));
    assert_null(map_next(&map, &at));
    map_finish(&map);
}

static void map_put__again__returns_what_was_there(void **state)
{
    struct entry one = { "a" }, two = { "a" };
    struct map map;

    (void)state;
    map_init(&map, same_name);
    assert_null(put(&map, &one));
    assert_ptr_equal(get(&map, "a"), &one);
    assert_ptr_equal(put(&map, &two), &one);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(drop(&map, "a"), &two);
    assert_null(get(&map, "a"));
    assert_null(drop(&map, "a"));
    assert_int_equal(map.count, 0);
    map_finish(&map);
}

static void map__equal_hashes__are_told_apart_by_key(void **state)
{
    struct entry entries[] = { { "a" }, { "b" }, { "c" } };
    struct map map;

    (void)state;
    map_init(&map, same_name);
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
        assert_null(map_put(&map, 7, entries[i].name, &entries[i]));
    assert_ptr_equal(map_remove(&map, 7, "b"), &entries[1]);
    assert_ptr_equal(map_get(&map, 7, "c"), &entries[2]); /* behind the hole */
    assert_null(map_put(&map, 7, "b", &entries[1]));
    assert_ptr_equal(map_get(&map, 7, "a"), &entries[0]);
    assert_int_equal(map.count, 3);
    map_finish(&map);
}

static void map__coming_and_going__does_not_grow(void **state)
{
    struct entry entries[8];
    struct map map;

    (void)state;
    map_init(&map, same_name);
    for (int i = 0; i < 100000; i++) {
        struct entry *entry = &entries[i % 8];

        if (i >= 8)
            assert_ptr_equal(drop(&map, entry->name), entry);
        snprintf(entry->name, sizeof(entry->name), "%d", i);
        assert_null(put(&map, entry));
    }
    assert_int_equal(map.count, 8);
    assert_true(map.capacity <= 64);
    map_finish(&map);
}

static void map_next__visits_each_once_and_allows_removal(void **state)
{
    enum { COUNT = 1000 };
    auto_free struct entry *entries = xcalloc(COUNT, sizeof(*entries));
    auto_free bool *seen = xcalloc(COUNT, sizeof(*seen));
    struct entry *entry;
    struct map map;
    size_t visits = 0;

    (void)state;
    map_init(&map, same_name);
    for (int i = 0; i < COUNT; i++) {
        snprintf(entries[i].name, sizeof(entries[i].name), "%d", i);
        put(&map, &entries[i]);
    }
    for (size_t at = 0; (entry = map_next(&map, &at)); visits++) {
        assert_false(seen[entry - entries]);
        seen[entry - entries] = true;
        assert_ptr_equal(drop(&map, entry->name), entry);
    }
    assert_int_equal(visits, COUNT);
    assert_int_equal(map.count, 0);
    map_finish(&map);
}

/* Against the obvious model: an array that says which are there. */
static void map__random_use__is_what_the_model_says(void **state)
{
    enum { COUNT = 300, STEPS = 200000 };
    auto_free struct entry *entries = xcalloc(COUNT, sizeof(*entries));
    bool there[COUNT] = { false };
    uint32_t random = 1;
    size_t count = 0;
    struct map map;

    (void)state;
    map_init(&map, same_name);
    for (int i = 0; i < COUNT; i++)
        snprintf(entries[i].name, sizeof(entries[i].name), "%d", i);
    for (int step = 0; step < STEPS; step++) {
        struct entry *entry;
        int i;

        random = random * 1664525 + 1013904223;
        i = (int)(random >> 8) % COUNT;
        entry = there[i] ? &entries[i] : NULL;
        assert_ptr_equal(get(&map, entries[i].name), entry);
        if (random >> 31) {
            assert_ptr_equal(put(&map, &entries[i]), entry);
            count += !there[i];
            there[i] = true;
        } else {
            assert_ptr_equal(drop(&map, entries[i].name), entry);
            count -= there[i];
            there[i] = false;
        }
        assert_int_equal(map.count, count);
    }
    map_finish(&map);
}

static void map_hash__parts__do_not_run_together(void **state)
{
    (void)state;
    assert_int_not_equal(map_hash(map_hash(0, "ab"), "c"), map_hash(map_hash(0, "a"), "bc"));
    assert_int_not_equal(map_hash(map_hash(0, "a"), ""), map_hash(0, "a"));
    assert_int_equal(map_hash(0, "a"), map_hash(0, "a"));
}

static void map_seed__changes_hashes(void **state)
{
    uint64_t before = map_hash(0, "name");

    (void)state;
    map_seed(12345);
    assert_int_not_equal(map_hash(0, "name"), before);
    map_seed(UINT64_C(0x9e3779b97f4a7c15));
    assert_int_equal(map_hash(0, "name"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map__empty__has_nothing),
        cmocka_unit_test(map_put__again__returns_what_was_there),
        cmocka_unit_test(map__equal_hashes__are_told_apart_by_key),
        cmocka_unit_test(map__coming_and_going__does_not_grow),
        cmocka_unit_test(map_next__visits_each_once_and_allows_removal),
        cmocka_unit_test(map__random_use__is_what_the_model_says),
        cmocka_unit_test(map_hash__parts__do_not_run_together),
        cmocka_unit_test(map_seed__changes_hashes),
    };

    return RUN_TESTS(tests);
}
