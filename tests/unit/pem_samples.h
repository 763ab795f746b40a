#pragma once
/* Two self-signed certificates with their keys, for tests only: made by openssl req -x509, worth nothing to anyone. */

static const char certificate_a[] __attribute__((unused)) =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhjCCASugAwIBAgIUPzg7IcnozE3GjKq2y6bTrYUzJLMwCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMa2l0YWUtdGVzdC1hMCAXDTI2MTEyMzA2NDY0NFoYDzIxMjYx\n"
    "MDMwMDY0NjQ0WjAXMRUwEwYDVQQDDAxraXRhZS10ZXN0LWEwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAQMBxtXbjRdXklTzSTvbHBofuFpAwo6EaL9aUisYuo7PsfF\n"
    "7yKM546KOZ3E00fvNE7cW27MAzURyHpCmvoa9gjzo1MwUTAdBgNVHQ4EFgQU2EtN\n"
    "5dH3M6+pLHV3wbzRNze4YwYwHwYDVR0jBBgwFoAU2EtN5dH3M6+pLHV3wbzRNze4\n"
    "YwYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA32mW1xzEr6Px\n"
    "WcbyZO4X70fxRc3euTvc1Al6InbWOeUCIQDIn3h4CA5+B7tCjqhRnrY8eKIMXv6X\n"
    "hrzuI+7HeFbZqQ==\n"
    "-----END CERTIFICATE-----\n";

static const char key_a[] __attribute__((unused)) = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLRxjBQuooS3d74yM\n"
                                                    "spAkoBNpC0++X1huUNNfmEzYBaihRANCAAQMBxtXbjRdXklTzSTvbHBofuFpAwo6\n"
                                                    "EaL9aUisYuo7PsfF7yKM546KOZ3E00fvNE7cW27MAzURyHpCmvoa9gjz\n"
                                                    "-----END PRIVATE KEY-----\n";

static const char certificate_b[] __attribute__((unused)) =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhTCCASugAwIBAgIURUW+nH6b7aLwq5sexr2gVr8d24QwCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMa2l0YWUtdGVzdC1iMCAXDTI2MTEyMzA2NDY0NFoYDzIxMjYx\n"
    "MDMwMDY0NjQ0WjAXMRUwEwYDVQQDDAxraXRhZS10ZXN0LWIwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAQb671V8q4GKDKCjXfO9YmdQ8ivdjTeZmLHT8bJr1TJIrF6\n"
    "eDwfyF+1tVXUz++qcZN2/kh5ZJEwivnzcV8fjVWeo1MwUTAdBgNVHQ4EFgQULxtg\n"
    "pzotvFTLZcxYXTROdoQW2f8wHwYDVR0jBBgwFoAULxtgpzotvFTLZcxYXTROdoQW\n"
    "2f8wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAze8bH80e3lNo\n"
    "afdWet6Njb9Vw4mtPLEJbvGA1ul9LvECIGinbt57tJdxYaPBSrpE3+oAYsHjxOlS\n"
    "xsGX660tLz1H\n"
    "-----END CERTIFICATE-----\n";

static const char key_b[] __attribute__((unused)) = "-----BEGIN PRIVATE KEY-----\n"
                                                    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguNwfYmg2PfHaRm8a\n"
                                                    "DfUVwJY6Mtf5LQFl6xIXDzCSTRuhRANCAAQb671V8q4GKDKCjXfO9YmdQ8ivdjTe\n"
                                                    "ZmLHT8bJr1TJIrF6eDwfyF+1tVXUz++qcZN2/kh5ZJEwivnzcV8fjVWe\n"
                                                    "-----END PRIVATE KEY-----\n";

/* Of key_a; its time ended with 2001. */
static const char certificate_expired[] __attribute__((unused)) =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBBjCBrAIBBzAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARsYXRlMB4XDTAxMDEw\n"
    "MTAwMDAwMFoXDTAyMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEbGF0ZTBZMBMGByqG\n"
    "SM49AgEGCCqGSM49AwEHA0IABAwHG1duNF1eSVPNJO9scGh+4WkDCjoRov1pSKxi\n"
    "6js+x8XvIoznjoo5ncTTR+80TtxbbswDNRHIekKa+hr2CPMwCgYIKoZIzj0EAwID\n"
    "SQAwRgIhAMtwKY4Ncuc6eVyWL02nQj4enEODlKEneHRLQawDQ99PAiEAg3uhlcUu\n"
    "CDLmLj0fETHDtI254G2jzOkRcE8JoD97JFI=\n"
    "-----END CERTIFICATE-----\n";

static const char encrypted_key[] __attribute__((unused)) =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,6A7DCAD790213C3AD95B27C899015133\n"
    "\n"
    "g+fx7wUqUZYwji+V7zoWVXpdwL5Q6Q27z6IBwyRkF2X3/I7JiH4CTDZQmWaQ5zmJ\n"
    "vGWh9/uAkwh99TbiUT83M4QJDOa0L7HLiS4RM2I1XMEWNwruVQ7tbkhz0vsrIqno\n"
    "U03BSQ5xF1vSSKDehgpe7Vd2bvN1c894ILsGtYJwGf4=\n"
    "-----END EC PRIVATE KEY-----\n";
