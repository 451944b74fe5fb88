// TLS files of a controller.
#include "controller/certificates.h"

#include <gtest/gtest.h>

namespace gantry::controller {
namespace {

TEST(ControllerCertificates, GivenOnlySomeOfTheFilesThenTheErrorNamesThoseThatAreNot) {
  net::TlsFiles files;
  EXPECT_TRUE(load_certificates(files));
  files.ca_file = "/ca.crt";
  const auto alone = load_certificates(files);
  ASSERT_FALSE(alone);
  EXPECT_NE(alone.error().message.find("not given: --tls-cert (tls.certificate), --tls-key (tls.key)"),
            std::string::npos)
      << alone.error().message;
}

}  // namespace
}  // namespace gantry::controller
