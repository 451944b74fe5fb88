#include "up/problems.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace gantry::up {
namespace {

class ProblemLogTest : public testing::Test {
 protected:
  ProblemLogTest() {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~ProblemLogTest() override { spdlog::set_default_logger(before_); }

  // What these problems, all there are now, write.
  std::string written(const std::vector<Problem>& problems) {
    out_.str("");
    log_.update(problems);
    return out_.str();
  }

  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream out_;
  ProblemLog log_;
};

TEST_F(ProblemLogTest, GivenALagThatIsUnknownForTheReasonOfItsScaledObjectThenItIsNotCalledWell) {
  EXPECT_EQ(written({{"lag of t/g", "a: refused"}}), "warning lag of t/g: a: refused\n");
  // now the scaled object has read it too, and says the same
  EXPECT_EQ(written({{"scaled object so", "a: refused"}, {"lag of t/g", "a: refused", false, true}}),
            "warning scaled object so: a: refused\n");
  EXPECT_EQ(written({}), "info lag of t/g: well again\ninfo scaled object so: well again\n");
}

TEST_F(ProblemLogTest, GivenWhatOnlyEverRepeatedAnotherThenItsEndIsNotSaidEither) {
  EXPECT_EQ(written({{"scaled object so", "refused"}, {"lag of t/g", "refused", false, true}}),
            "warning scaled object so: refused\n");
  // the scaled object is well, the group is not: from now on it has to be said
  EXPECT_EQ(written({{"lag of t/g", "refused"}}), "warning lag of t/g: refused\ninfo scaled object so: well again\n");
  EXPECT_EQ(written({}), "info lag of t/g: well again\n");
}

TEST_F(ProblemLogTest, GivenATextThatDiffersInNumbersOnlyThenItIsSaidOnce) {
  EXPECT_EQ(written({{"deployment d", "2 fail", true}}), "");
  EXPECT_EQ(written({{"the burst", "again in 1,005 s"}}),
            "warning the burst: again in 1,005 s\ninfo deployment d: well again\n");
  EXPECT_EQ(written({{"the burst", "again in 4 s"}}), "");
}

}  // namespace
}  // namespace gantry::up
