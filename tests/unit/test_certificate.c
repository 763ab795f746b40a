#include "../../operator/base/memory.h"
#include "../../operator/kube/certificate.h"
#include "unit.h"

enum { NOW = 1764000000, DAY = 86400 };

#define auto_certificate __attribute__((cleanup(certificate_finish)))

static void issue__host__is_good_for_it_alone(void **state)
{
    auto_certificate struct certificate authority = { 0 }, served = { 0 };
    struct error err;

    (void)state;
    certificate_found("test", NOW, &authority);
    assert_int_equal(certificate_issue(&authority, "kitae.kitae-system.svc", NOW, &served, &err), 0);
    assert_true(certificate_is_good(&authority, &served, "kitae.kitae-system.svc", NOW));
    assert_false(certificate_is_good(&authority, &served, "kitae.other.svc", NOW));
    assert_false(certificate_is_good(&authority, &served, "127.0.0.1", NOW));
}

static void issue__address__is_good_for_it(void **state)
{
    static const char *const addresses[] = { "127.0.0.1", "fd00::1" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        auto_certificate struct certificate authority = { 0 }, served = { 0 };
        struct error err;

        certificate_found("test", NOW, &authority);
        assert_int_equal(certificate_issue(&authority, addresses[i], NOW, &served, &err), 0);
        assert_true(certificate_is_good(&authority, &served, addresses[i], NOW));
        assert_false(certificate_is_good(&authority, &served, "127.0.0.2", NOW));
    }
}

static void is_good__time__ends(void **state)
{
    auto_certificate struct certificate authority = { 0 }, served = { 0 };
    struct error err;

    (void)state;
    certificate_found("test", NOW, &authority);
    assert_int_equal(certificate_issue(&authority, "a", NOW, &served, &err), 0);
    assert_true(certificate_is_good(&authority, &served, "a", NOW - 1800)); /* a clock that is behind */
    assert_false(certificate_is_good(&authority, &served, "a", NOW - DAY));
    assert_true(certificate_is_good(&authority, &served, "a", NOW + 364 * DAY));
    assert_false(certificate_is_good(&authority, &served, "a", NOW + 366 * DAY));
}

static void is_good__another_authority_or_key__is_not(void **state)
{
    auto_certificate struct certificate authority = { 0 }, other = { 0 }, served = { 0 };
    struct certificate mixed, none = { 0 }, nonsense = { (char *)"nonsense", (char *)"nonsense" };
    struct error err;

    (void)state;
    certificate_found("test", NOW, &authority);
    certificate_found("test", NOW, &other);
    assert_int_equal(certificate_issue(&authority, "a", NOW, &served, &err), 0);
    mixed = (struct certificate){ served.pem, other.key };
    assert_false(certificate_is_good(&other, &served, "a", NOW));
    assert_false(certificate_is_good(&authority, &mixed, "a", NOW));
    assert_false(certificate_is_good(&authority, &none, "a", NOW));
    assert_false(certificate_is_good(&nonsense, &served, "a", NOW));
}

static void issue__no_authority__is_an_error(void **state)
{
    auto_certificate struct certificate authority = { 0 }, other = { 0 };
    struct certificate served = { 0 }, mixed, nonsense = { (char *)"nonsense", (char *)"nonsense" };
    struct error err;

    (void)state;
    certificate_found("test", NOW, &authority);
    certificate_found("test", NOW, &other);
    mixed = (struct certificate){ authority.pem, other.key };
    assert_int_equal(certificate_issue(&nonsense, "a", NOW, &served, &err), -1);
    assert_int_equal(certificate_issue(&mixed, "a", NOW, &served, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_null(served.pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issue__host__is_good_for_it_alone),
        cmocka_unit_test(issue__address__is_good_for_it),
        cmocka_unit_test(is_good__time__ends),
        cmocka_unit_test(is_good__another_authority_or_key__is_not),
        cmocka_unit_test(issue__no_authority__is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
