#include "wire/signature.h"

#include <gtest/gtest.h>

namespace gantry::wire {
namespace {

Command request() {
  Command command = make_request(310);
  command.fields.add("topic", "T");
  command.fields.add("z", "1");
  command.body = "body";
  return command;
}

TEST(Signature, GivenCredentialsWhenSignedThenTheSignatureIsThatOfAclClientRpcHook) {
  Command command = request();
  sign(command, {"ak", "secret", ""});
  EXPECT_EQ(command.fields.get("AccessKey"), "ak");
  EXPECT_EQ(command.fields.find("SecurityToken"), nullptr);
  EXPECT_EQ(command.fields.get("Signature"), "QnygKFyz9kJxwQBAjggLCrUaWdg=");  // HMAC-SHA1 of "akT1body"
  EXPECT_TRUE(verify(command, {"ak", "secret", ""}));
  sign(command, {"ak", "secret", "st"});
  EXPECT_EQ(command.fields.get("Signature"), "Q+skM4b0iCArgFchg5zqXiHKr+Y=") << "of \"akstT1body\"";
  EXPECT_EQ(command.fields.get("SecurityToken"), "st");
  EXPECT_TRUE(verify(command, {"ak", "secret", ""}));
}

TEST(Signature, GivenFieldsThatComeTwiceWhenVerifiedThenTheFirstOfEachIsWhatWasSigned) {
  const Credentials credentials{"ak", "secret", ""};
  Command command = request();
  sign(command, credentials);
  command.fields.add("topic", "T");  // as the Java client does in binary headers
  EXPECT_TRUE(verify(command, credentials));
  Command forged = command;
  forged.fields = {};
  forged.fields.add("topic", "U");
  for (const auto& [name, value] : command.fields) forged.fields.add(name, value);
  EXPECT_FALSE(verify(forged, credentials));
}

TEST(Signature, GivenAnythingChangedWhenVerifiedThenItIsRefused) {
  const Credentials credentials{"ak", "secret", ""};
  Command signed_request = request();
  sign(signed_request, credentials);
  auto refused = [&](auto&& change) {
    Command changed = signed_request;
    change(changed);
    Result<void> result = verify(changed, credentials);
    return !result && result.error().code == Errc::unauthenticated;
  };
  EXPECT_TRUE(refused([](Command& c) { c.body += "!"; }));
  EXPECT_TRUE(refused([](Command& c) { c.fields.set("topic", "U"); }));
  EXPECT_TRUE(refused([](Command& c) { c.fields.set("Signature", "short"); }));
  EXPECT_TRUE(refused([](Command& c) { c.fields.erase("Signature"); }));
  EXPECT_TRUE(refused([](Command& c) { c.fields.erase("AccessKey"); }));
  EXPECT_TRUE(refused([](Command& c) { c.fields.set("AccessKey", "other"); }));
  EXPECT_FALSE(verify(signed_request, {"ak", "another", ""}));
}

}  // namespace
}  // namespace gantry::wire
