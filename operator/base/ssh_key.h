#pragma once
/* An ed25519 key pair as OpenSSH writes it into files. Nothing here is random: the caller gives the seed. */

#include "strbuf.h"

enum { SSH_SEED = 32 };

/*
 * Appends the private key that the seed stands for, as `ssh-keygen` would leave it without a passphrase
 * (openssh/PROTOCOL.key), and the line that goes into id_ed25519.pub and authorized_keys.
 */
void ssh_key_add(const unsigned char seed[SSH_SEED],
                 const char *comment,
                 struct strbuf *private_key,
                 struct strbuf *public_key);
