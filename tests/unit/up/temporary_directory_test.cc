#include "up/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>

namespace gantry::up {
namespace {

namespace fs = std::filesystem;

class TemporaryDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gantry-temporary-test-XXXXXX";
    parent = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(parent); }
  // A directory with a file in it, as a killed process leaves it.
  fs::path left_behind(const std::string& name) {
    fs::create_directories(parent / name / "sub");
    std::ofstream(parent / name / "sub" / "000001.log") << "data";
    return parent / name;
  }
  fs::path parent;
};

TEST_F(TemporaryDirectoryTest, GivenItsEndThenTheDirectoryIsGoneWithAllThatIsInIt) {
  fs::path path;
  {
    auto made = TemporaryDirectory::create(parent);
    ASSERT_TRUE(made) << made.error().message;
    path = made->path();
    std::ofstream(path / "file") << "data";
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  }
  EXPECT_TRUE(fs::is_empty(parent));
}

TEST_F(TemporaryDirectoryTest, GivenAProcessThatWasKilledThenTheNextOneRemovesItsDirectory) {
  const pid_t child = fork();
  if (child == 0) {
    auto made = TemporaryDirectory::create(parent);
    if (made) std::ofstream(fs::path(made->path()) / "file") << "data";
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ASSERT_FALSE(fs::is_empty(parent));
  {
    auto next = TemporaryDirectory::create(parent);
  }
  EXPECT_TRUE(fs::is_empty(parent));
}

TEST_F(TemporaryDirectoryTest, GivenOneThatIsInUseThenItStays) {
  auto living = TemporaryDirectory::create(parent);
  ASSERT_TRUE(living);
  {
    auto next = TemporaryDirectory::create(parent);
  }
  EXPECT_TRUE(fs::exists(living->path()));
}

TEST_F(TemporaryDirectoryTest, GivenWhatIsNotOursThenItStaysAndLinksAreNotFollowed) {
  const fs::path precious = left_behind("precious");
  const fs::path others[] = {left_behind("gantry-up-data-abc"), left_behind("gantry-up-data-abcdef1"),
                             left_behind("gantry-up-abcdef")};
  std::ofstream(parent / "gantry-up-data-isfile") << "";
  fs::create_directory_symlink(precious, parent / "gantry-up-data-islink");
  fs::path foreign;
  if (::geteuid() == 0) {
    foreign = left_behind("gantry-up-data-others");
    ASSERT_EQ(::chown(foreign.c_str(), 12'345, 12'345), 0);
  }
  const fs::path stale = left_behind("gantry-up-data-abcdef");
  fs::create_directory_symlink(precious, stale / "link");
  {
    auto next = TemporaryDirectory::create(parent);
  }
  EXPECT_FALSE(fs::exists(stale));
  EXPECT_TRUE(fs::exists(precious / "sub" / "000001.log"));
  for (const fs::path& other : others) EXPECT_TRUE(fs::exists(other)) << other;
  EXPECT_TRUE(fs::exists(parent / "gantry-up-data-isfile"));
  EXPECT_TRUE(fs::is_symlink(parent / "gantry-up-data-islink"));
  EXPECT_TRUE(foreign.empty() || fs::exists(foreign));
}

TEST_F(TemporaryDirectoryTest, GivenNoSuchParentThenTheErrorNamesIt) {
  auto made = TemporaryDirectory::create(parent / "absent");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("absent"), std::string::npos);
}

TEST_F(TemporaryDirectoryTest, GivenATmpdirThatIsNoDirectoryThenTheErrorNamesIt) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", (parent / "absent").c_str(), 1);
  auto made = TemporaryDirectory::create();
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("absent"), std::string::npos);
}

}  // namespace
}  // namespace gantry::up
