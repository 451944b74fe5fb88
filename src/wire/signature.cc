#include "wire/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <vector>

namespace gantry::wire {

std::string signature_of(const Command& request, std::string_view secret_key) {
  std::vector<const Fields::Entry*> entries;
  for (const Fields::Entry& entry : request.fields) {
    if (entry.first != kSignatureField) entries.push_back(&entry);
  }
  std::ranges::stable_sort(entries, {}, [](const Fields::Entry* entry) -> const std::string& { return entry->first; });
  std::string content;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // The Java client writes the fields of a signed send twice into a binary header, with the same values. The first
    // counts here as it does for every reader of Fields, lest a field be added in front of the one that was signed.
    if (i > 0 && entries[i - 1]->first == entries[i]->first) continue;
    content += entries[i]->second;
  }
  content += request.body;

  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int mac_bytes = 0;
  HMAC(EVP_sha1(), secret_key.data(), static_cast<int>(secret_key.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac, &mac_bytes);
  std::string base64(4 * ((mac_bytes + 2) / 3) + 1, '\0');  // EVP_EncodeBlock writes a final zero byte
  const int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), mac, static_cast<int>(mac_bytes));
  base64.resize(static_cast<std::size_t>(written));
  return base64;
}

void sign(Command& request, const Credentials& credentials) {
  request.fields.erase(kSignatureField);
  request.fields.set(kAccessKeyField, credentials.access_key);
  if (!credentials.security_token.empty()) request.fields.set(kSecurityTokenField, credentials.security_token);
  request.fields.add(kSignatureField, signature_of(request, credentials.secret_key));
}

Result<void> verify(const Command& request, const Credentials& credentials) {
  const std::string* access_key = request.fields.find(kAccessKeyField);
  const std::string* signature = request.fields.find(kSignatureField);
  if (access_key == nullptr || signature == nullptr) {
    return fail(Errc::unauthenticated, "the request is not signed: {} is missing",
                access_key == nullptr ? kAccessKeyField : kSignatureField);
  }
  if (*access_key != credentials.access_key) {
    return fail(Errc::unauthenticated, "access key \"{}\" is unknown", access_key->substr(0, 64));
  }
  const std::string expected = signature_of(request, credentials.secret_key);
  const bool same =
      expected.size() == signature->size() && CRYPTO_memcmp(expected.data(), signature->data(), expected.size()) == 0;
  if (!same)
    return fail(Errc::unauthenticated, "the signature of access key \"{}\" is wrong", access_key->substr(0, 64));
  return {};
}

}  // namespace gantry::wire
