#include "../../agent/s3/credentials.h"
#include "../../operator/base/memory.h"
#include "fake_server.h"
#include "unit.h"

static char token_path[] = "/tmp/kitae-token-XXXXXX";

static const char *const variables[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN",
                                         "AWS_ROLE_ARN",      "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_STS" };

static void clear_environment(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
        unsetenv(variables[i]);
}

static void load__environment__is_taken(void **state)
{
    struct s3_credentials credentials;
    struct failure failure;

    (void)state;
    clear_environment();
    assert_int_equal(s3_credentials_load(&credentials, "us-east-1", NULL, &failure), 0);
    assert_null(credentials.access_key);
    s3_credentials_finish(&credentials);
    setenv("AWS_ACCESS_KEY_ID", "key", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    assert_int_equal(s3_credentials_load(&credentials, "us-east-1", NULL, &failure), 0);
    assert_string_equal(credentials.access_key, "key");
    assert_string_equal(credentials.secret_key, "secret");
    assert_string_equal(credentials.session_token, "token");
    assert_false(s3_credentials_are_old(&credentials, INT64_MAX / 2));
    s3_credentials_finish(&credentials);
}

/* -- web identity ------------------------------------------------------------------------------------------------- */

static void serve_text(struct fake_server *server, int fd, unsigned nth)
{
    const char *const *answer = server->script; /* status, body */

    (void)nth;
    while (fake_reads(server, fd))
        fake_answers(fd, answer[0], "", answer[1]);
}

static int exchange(const char *const answer[2],
                    struct s3_credentials *ret,
                    struct failure *failure,
                    char request[1024])
{
    struct fake_server server;
    char url[64];
    int result;

    clear_environment();
    fake_start(&server, serve_text, answer);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", server.port);
    setenv("AWS_ENDPOINT_URL_STS", url, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token_path, 1);
    result = s3_credentials_load(ret, "us-east-1", NULL, failure);
    snprintf(request, 1024, "%s", fake_request(&server, 0));
    fake_stop(&server);
    return result;
}

static void load__web_identity__is_exchanged_and_ends(void **state)
{
    static const char *const answer[] = {
        "200 OK",
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<SessionToken>a+b/=</SessionToken><SecretAccessKey>secret</SecretAccessKey>"
        "<Expiration>2026-11-23T20:00:00Z</Expiration><AccessKeyId>ASIA</AccessKeyId></Credentials>"
        "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
    };
    struct s3_credentials credentials;
    struct failure failure;
    char request[1024];

    (void)state;
    assert_int_equal(exchange(answer, &credentials, &failure, request), 0);
    assert_string_equal(credentials.access_key, "ASIA");
    assert_string_equal(credentials.secret_key, "secret");
    assert_string_equal(credentials.session_token, "a+b/=");
    assert_int_equal(credentials.expires, 1795464000);
    assert_false(s3_credentials_are_old(&credentials, 1795464000 - S3_CREDENTIALS_EARLY - 1));
    assert_true(s3_credentials_are_old(&credentials, 1795464000 - S3_CREDENTIALS_EARLY));
    assert_memory_equal(request, "POST / HTTP/1.1\r\n", 17);
    assert_non_null(strstr(request,
                           "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
                           "%3Arole%2Fr&RoleSessionName=kitae-agent&WebIdentityToken=the.token%3D"));
    s3_credentials_finish(&credentials);
}

static void load__exchange_fails__says_whose_fault_it_is(void **state)
{
    static const struct {
        const char *answer[2];
        enum reason reason;
        const char *words;
    } rows[] = {
        { { "403 No",
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not for you</Message></Error></ErrorResponse>" },
          REASON_BAD_CREDENTIALS,
          "Not for you" },
        { { "200 OK", "<html></html>" }, REASON_BAD_CREDENTIALS, "trust policy" },
        { { "500 Oh", "" }, REASON_UNREACHABLE, "AWS_ENDPOINT_URL_STS" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct s3_credentials credentials;
        struct failure failure;
        char request[1024];

        assert_int_equal(exchange(rows[i].answer, &credentials, &failure, request), -1);
        assert_int_equal(failure.reason, rows[i].reason);
        if (!strstr(failure.message, rows[i].words))
            fail_msg("row %zu: %s", i, failure.message);
    }
}

static void load__token_file_is_missing__names_it(void **state)
{
    struct s3_credentials credentials;
    struct failure failure;

    (void)state;
    clear_environment();
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token", 1);
    assert_int_equal(s3_credentials_load(&credentials, "us-east-1", NULL, &failure), -1);
    assert_int_equal(failure.reason, REASON_BAD_CREDENTIALS);
    assert_non_null(strstr(failure.message, "/nowhere/token"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load__environment__is_taken),
        cmocka_unit_test(load__web_identity__is_exchanged_and_ends),
        cmocka_unit_test(load__exchange_fails__says_whose_fault_it_is),
        cmocka_unit_test(load__token_file_is_missing__names_it),
    };
    int fd = mkstemp(token_path), result;

    if (fd < 0 || write(fd, "the.token=\n", 11) != 11)
        return 1;
    close(fd);
    result = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(token_path);
    return result;
}
