#include "workload/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace gantry::workload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'700'000'000)};

std::vector<std::string> texts(const Output& output, std::size_t lines_max = 1000) {
  std::vector<std::string> out;
  for (const OutputLine& line : output.last(lines_max)) out.push_back(line.text);
  return out;
}

TEST(Output, GivenBytesInPiecesWhenAppendedThenTheyBecomeLines) {
  Output output;
  for (auto piece : {"a", "b\nc\r\n", "", "\n", "d"}) output.append(piece, kNow);
  EXPECT_THAT(texts(output), ElementsAre("ab", "c", ""));
  output.end_line(kNow);
  output.end_line(kNow);
  EXPECT_THAT(texts(output), ElementsAre("ab", "c", "", "d"));
  EXPECT_THAT(texts(output, 2), ElementsAre("", "d"));
  EXPECT_EQ(output.last(1)[0].at, kNow);
}

TEST(Output, GivenMoreThanTheLimitsWhenAppendedThenTheOldestGoAndLongLinesAreCut) {
  Output output({.lines_max = 3, .line_bytes_max = 4, .bytes_max = 10});
  output.append("1\n2\n3\n4\n", kNow);
  EXPECT_THAT(texts(output), ElementsAre("2", "3", "4"));
  output.append("abcdef", kNow);
  output.append("ghi\nxy\n", kNow);
  EXPECT_THAT(texts(output), ElementsAre("4", "abcd...", "xy"));
  output.append("abcdef\n", kNow);
  EXPECT_THAT(texts(output), ElementsAre("xy", "abcd..."));
}

TEST(Output, GivenAProgramThatEndedThenItsLastWordsAreItsOwnAndSayTheReason) {
  const struct {
    const char* printed;
    const char* words;
  } cases[] = {
      {"", ""},
      {"\n \t\n", ""},
      {"error: x\n \t\n\n", "error: x"},
      {"starting\n1\n2\n--group is required\nRun with --help for more information.\n",
       "2 | --group is required | Run with --help for more information."},
      {"Exception in thread \"main\" java.lang.Error: no ledger\n\tat A.b(A.java:1)\n\tat A.c(A.java:2)\n\t... 9 "
       "more\n",
       "Exception in thread \"main\" java.lang.Error: no ledger"},
      {"at last\n", "at last"},
  };
  for (const auto& c : cases) {
    Output output;
    output.append("an earlier run\n", kNow);
    const std::size_t begin = output.lines_ever();
    output.append(c.printed, kNow);
    EXPECT_EQ(output.last_words(3, begin), c.words);
  }
  Output full({.lines_max = 2});
  full.append("1\n2\n3\n4\n", kNow);
  EXPECT_EQ(full.last_words(3, 1), "3 | 4");
}

TEST(Output, GivenOddBytesWhenShownThenTheyArePrintable) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain\ttext", "plain\ttext"},
      {"\x1b[31mred\x1b[0m", "red"},
      {"\x1b[", ""},
      {"a\x1b", "a"},
      {"\x1b"
       "7a",
       "a"},
      {"bell\a", "bell\xef\xbf\xbd"},
      {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xff\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf0\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf5", "\xef\xbf\xbd"},
      {"\x7f", "\xef\xbf\xbd"},
  };
  for (const auto& [bytes, shown] : cases) EXPECT_EQ(printable(bytes), shown);
}

TEST(Output, GivenALogFileWhenFullThenItIsRotatedAndWhenUnwritableNothingElseFails) {
  const auto directory = std::filesystem::path(testing::TempDir()) / ("output-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  const std::string file = directory / "a.log";
  {
    Output output({.file_bytes_max = 60}, file);
    output.append("one\ntwo\nthree\n", kNow);
  }
  const auto content = [](const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  };
  EXPECT_EQ(content(file + ".1"), "2023-11-14T22:13:20.000Z one\n2023-11-14T22:13:20.000Z two\n");
  EXPECT_EQ(content(file), "2023-11-14T22:13:20.000Z three\n");

  Output broken({}, directory / "none" / "a.log");
  broken.append("one\ntwo\n", kNow);
  EXPECT_THAT(texts(broken), ElementsAre("one", "two"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace gantry::workload
