// Numbers out of a broker's runtime information (28), whose values are texts for people. Pure.
// Rule: org.apache.rocketmq.broker.processor.AdminBrokerProcessor.prepareRuntimeInfo and
// org.apache.rocketmq.store.StoreStatsService.getRuntimeInfo.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::exporter {

using Runtime = std::map<std::string, std::string>;

enum class RuntimeForm {
  number,    // "42", "0.5"
  word,      // one of several: "12.1 11.9 10.0"
  bytes,     // "1.5 GiB"
  capacity,  // "Total : 250.0 GiB, Free : 120.3 GiB.": 0 the first, 1 the second
  bucket,    // "[<=0ms]:12 [0~10ms]:3 ...": the number behind [part]
};

struct RuntimeNumber {
  std::string_view key;
  RuntimeForm form = RuntimeForm::number;
  std::size_t index = 0;         // of word and capacity, from 0
  std::string_view bucket = {};  // without its brackets
};

// Empty: the broker does not say, or not in a form that is known.
std::optional<double> read_runtime(const Runtime& runtime, const RuntimeNumber& number);

// "" when it does not say.
std::string_view runtime_text(const Runtime& runtime, std::string_view key);

}  // namespace gantry::exporter
