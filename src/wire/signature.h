// Signatures of requests (ACL 1.0 and 2.0 share them): the values of all header fields but the signature, in the order
// of their names, then the body, under HmacSHA1 with the secret key, in base64.
// Rule: org.apache.rocketmq.acl.common.AclClientRPCHook, AclUtils, AclSigner; on the server side
// DefaultAuthenticationContextBuilder.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/command.h"

namespace gantry::wire {

inline constexpr std::string_view kAccessKeyField = "AccessKey";
inline constexpr std::string_view kSecurityTokenField = "SecurityToken";
inline constexpr std::string_view kSignatureField = "Signature";

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string security_token;  // empty: none
};

// Adds access key, security token and signature to `request`. Must be the last change to it before it is encoded.
void sign(Command& request, const Credentials& credentials);

// Checks the signature of a request against the credentials of its access key. Fails with unauthenticated; the message
// names the access key, never a secret.
Result<void> verify(const Command& request, const Credentials& credentials);

// The signature alone.
std::string signature_of(const Command& request, std::string_view secret_key);

}  // namespace gantry::wire
