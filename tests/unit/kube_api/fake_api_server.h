// An API server for tests: each request is answered by what the test has prepared for its path, a text at once or pieces of
// a chunked body that the test sends when it likes.
#pragma once

#include <boost/asio.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace gantry::kube_api {

class FakeApiServer {
 public:
  using tcp = boost::asio::ip::tcp;

  struct Connection {
    explicit Connection(tcp::socket from) : socket(std::move(from)) {}
    tcp::socket socket;
    boost::asio::streambuf buffer;
    std::string target;  // with the query
    std::string head;

    void answer(int status, const std::string& body) {
      write("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            body);
    }
    void begin_stream() { write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }
    void send(const std::string& piece) {
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      write(size + piece + "\r\n");
    }
    void end_stream() { write("0\r\n\r\n"); }
    void cut() { socket.close(); }

   private:
    void write(const std::string& text) {
      boost::system::error_code ignored;
      boost::asio::write(socket, boost::asio::buffer(text), ignored);
    }
  };
  using ConnectionPtr = std::shared_ptr<Connection>;

  explicit FakeApiServer(boost::asio::io_context& io) : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

  std::function<void(ConnectionPtr)> on_request;
  std::vector<std::string> targets;
  std::vector<std::string> heads;

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      auto connection = std::make_shared<Connection>(std::move(socket));
      boost::asio::async_read_until(
          connection->socket, connection->buffer, "\r\n\r\n",
          [this, connection](boost::system::error_code failed, std::size_t) {
            if (failed) return;
            const auto data = connection->buffer.data();
            connection->head.assign(boost::asio::buffers_begin(data), boost::asio::buffers_end(data));
            const std::size_t from = connection->head.find(' ') + 1;
            connection->target = connection->head.substr(from, connection->head.find(' ', from) - from);
            targets.push_back(connection->target);
            heads.push_back(connection->head);
            if (on_request) on_request(connection);
          });
      accept();
    });
  }

  tcp::acceptor acceptor_;
};

}  // namespace gantry::kube_api
