// TLS files of a controller.
#include "controller/certificates.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "unit/net/certificates.h"

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

// Looked at a second apart, on a clock of the test's own.
class RenewedFiles : public testing::Test {
 protected:
  RenewedFiles() {
    files = authority.issue("localhost");
    files.ca_file = authority.certificate_file();
    watched = WatchedCertificates::load(files).value();
  }
  bool look() { return watched.look(now += WatchedCertificates::kLookInterval); }
  void replace(const std::string& file, const std::string& by) {
    std::filesystem::copy_file(by, file + ".new");
    std::filesystem::rename(file + ".new", file);
  }
  std::string serial() const { return watched.current().peers_out->certificate_text().substr(0, 9); }

  net::TestAuthority authority{"the authority"};
  net::TlsFiles files;
  WatchedCertificates watched;
  WatchedCertificates::Clock::time_point now{std::chrono::hours(1)};
};

TEST_F(RenewedFiles, GivenFilesThatStayThenNothingChanges) {
  const auto before = watched.current();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(look());
  EXPECT_EQ(watched.current().clients, before.clients);
}

TEST_F(RenewedFiles, GivenARenewalThatIsUnderWayThenItIsReadWhenItStandsStillForAllPartsAtOnce) {
  const auto next = authority.issue("localhost");
  const auto before = watched.current();
  EXPECT_EQ(serial(), "serial 02");
  replace(files.certificate_file, next.certificate_file);
  EXPECT_FALSE(look());
  replace(files.key_file, next.key_file);
  EXPECT_FALSE(look()) << "changed since the look before";
  EXPECT_FALSE(watched.look(now + WatchedCertificates::kLookInterval / 2)) << "too early";
  EXPECT_TRUE(look());
  EXPECT_EQ(serial(), "serial 03");
  const auto& after = watched.current();
  EXPECT_TRUE(after.clients != before.clients && after.peers_in != before.peers_in);
  EXPECT_FALSE(look());
}

TEST_F(RenewedFiles, GivenFilesThatDoNotFitThenTheFormerStayUntilThereAreGoodOnes) {
  const auto before = watched.current();
  replace(files.key_file, authority.issue("localhost").key_file);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(look());
  std::filesystem::remove(files.certificate_file);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(look());
  EXPECT_EQ(watched.current().peers_in, before.peers_in);
  const auto next = authority.issue("localhost");
  replace(files.certificate_file, next.certificate_file);
  replace(files.key_file, next.key_file);
  EXPECT_FALSE(look());
  EXPECT_TRUE(look());
  EXPECT_EQ(serial(), "serial 04");
}

TEST(ControllerCertificates, GivenNoTlsThenThereIsNothingToLookAt) {
  auto watched = WatchedCertificates::load({});
  ASSERT_TRUE(watched);
  EXPECT_FALSE(watched->look());
}

}  // namespace
}  // namespace gantry::controller
