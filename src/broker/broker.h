// The embedded broker: a name server and a broker in one process, on one thread, for stock Apache RocketMQ clients.
// One node: for development, CI and the edge.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "broker/config.h"

namespace gantry::broker {

class Broker {
 public:
  // Opens the store and listens. `io` is run by one thread, on which everything here is called; it must outlive the
  // broker. Errors name the port, directory or setting and say what to do.
  static Result<std::unique_ptr<Broker>> start(boost::asio::io_context& io, Config config);
  ~Broker();  // stop()
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::uint16_t port() const;  // of the broker
  std::uint16_t namesrv_port() const;
  const std::string& address() const;          // "host:port" that clients are told
  const std::string& namesrv_address() const;  // what to give clients as their name server
  const std::string& data_directory() const;

  // Closes every connection, writes what is left to the disk. Idempotent; the io_context then has no work of ours.
  void stop();

 private:
  class Impl;
  explicit Broker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::broker
