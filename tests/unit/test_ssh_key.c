#include "../../operator/base/ssh_key.h"
#include "unit.h"

/* RFC 8032, section 7.1, test 1; ssh-keygen -y reads this file and prints this line. */
static const unsigned char seed[SSH_SEED] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                              0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                              0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
static const char private_file[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                                   "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
                                   "QyNTUxOQAAACDXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGgAAAIgAAAAAAAAA\n"
                                   "AAAAAAtzc2gtZWQyNTUxOQAAACDXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg\n"
                                   "AAAECdYbGd7/1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5/YNdamAGCsQq31Uv+08lkBzoO\n"
                                   "4XLz2qYjJa8CGmj3B1EaAAAABXRyYWlu\n"
                                   "-----END OPENSSH PRIVATE KEY-----\n";
static const char public_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea train\n";

static void ssh_key__known_seed__is_what_openssh_writes(void **state)
{
    auto_strbuf struct strbuf private_key = { 0 }, public_key = { 0 };

    (void)state;
    ssh_key_add(seed, "train", &private_key, &public_key);
    assert_string_equal(strbuf_text(&public_key), public_line);
    assert_string_equal(strbuf_text(&private_key), private_file);
}

static void ssh_key__other_seed__is_another_key(void **state)
{
    auto_strbuf struct strbuf private_key = { 0 }, public_key = { 0 };
    unsigned char other[SSH_SEED];

    (void)state;
    memcpy(other, seed, SSH_SEED);
    other[SSH_SEED - 1] ^= 1;
    ssh_key_add(other, "train", &private_key, &public_key);
    assert_string_not_equal(strbuf_text(&public_key), public_line);
    assert_string_not_equal(strbuf_text(&private_key), private_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssh_key__known_seed__is_what_openssh_writes),
        cmocka_unit_test(ssh_key__other_seed__is_another_key),
    };

    return RUN_TESTS(tests);
}
