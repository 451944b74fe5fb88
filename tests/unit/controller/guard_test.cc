#include "controller/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/table.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"
#include "wire/headers/controller.h"

namespace gantry::controller {
namespace {

bool needs_operator(std::int32_t code, const wire::Command& request = {}) {
  for (const Route& route : routes()) {
    if (route.code == code) return route.needs_operator && route.needs_operator(request);
  }
  ADD_FAILURE() << "no route of " << code;
  return false;
}

TEST(Operators, GivenEachRequestThenOnlyWhatChangesTheClusterByHandNeedsOne) {
  using namespace wire::request_code;
  for (const auto code :
       {kBrokerHeartbeat, kControllerAlterSyncStateSet, kControllerRegisterBroker, kControllerGetReplicaInfo,
        kControllerGetMetadataInfo, kControllerGetSyncStateData, kControllerGetNextBrokerId, kControllerApplyBrokerId,
        kGantryControllerStatus, kGantryControllerSets, kGantryControllerIdentity}) {
    EXPECT_FALSE(needs_operator(code)) << code;
  }
  for (const auto code : {kUpdateControllerConfig, kGetControllerConfig, kCleanBrokerData, kGantryControllerImport})
    EXPECT_TRUE(needs_operator(code)) << code;
}

TEST(Operators, GivenAnElectionThenOnlyABrokersOwnWishIsOpen) {
  const struct {
    std::int64_t broker_id;
    bool designated;
    bool needed;
  } cases[] = {{1, false, false}, {1, true, true}, {-1, false, true}, {-1, true, true}};
  for (const auto& c : cases) {
    wire::ElectMasterRequestHeader header;
    header.broker_name = "a";
    header.broker_id = c.broker_id;
    header.designate_elect = c.designated;
    wire::Command request = wire::make_request(wire::request_code::kControllerElectMaster);
    wire::encode_header(header, request.fields);
    EXPECT_EQ(needs_operator(request.code, request), c.needed) << c.broker_id << c.designated;
  }
  wire::Command garbage = wire::make_request(wire::request_code::kControllerElectMaster);
  garbage.fields.add("brokerId", "x");
  EXPECT_TRUE(needs_operator(garbage.code, garbage)) << "what cannot be read opens nothing";
}

}  // namespace
}  // namespace gantry::controller
