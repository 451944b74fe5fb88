// The page of a Show: its assets, and the three resources that web/src/api.ts declares.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "http/server.h"
#include "up/show.h"
#include "up/state_json.h"

namespace gantry::up {

class Page {
 public:
  // `show` must outlive the page.
  Page(boost::asio::io_context& io, const std::string& host, std::uint16_t port, const Show& show, Program program);

  Result<void> start() { return server_.start(); }
  std::string url() const { return server_.url(); }
  void push();  // the newest state, to everybody who listens
  void stop() { server_.stop(); }

 private:
  const Show& show_;
  Program program_;
  http::Server server_;
  http::Broadcast listeners_;
};

}  // namespace gantry::up
