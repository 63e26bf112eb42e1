// A client written with Boost.Asio, whose sockets, epoll reactor and wake-ups are compiled here,
// unmodified, from Debian's headers. Nothing in this file knows Drywire: the build puts compat.h in
// front of it.
#include "tests/tools/posix/asio_client.h"

#define BOOST_ASIO_DISABLE_THREADS
#define BOOST_ERROR_CODE_HEADER_ONLY
// clang-format off: Asio 1.74 uses std::exchange without including this.
#include <utility>
// clang-format on
#include <boost/asio.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace drywire {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class AsyncEcho {
 public:
  AsyncEcho(asio::io_context& io, const tcp::endpoint& peer, const std::string& text, int seconds)
      : socket_(io), timer_(io, std::chrono::seconds(seconds)), text_(text), reply_(text.size()) {
    timer_.async_wait([this](error_code error) {
      if (error) return;
      result_ = "gave up";
      socket_.close();
    });
    socket_.async_connect(peer, [this](error_code error) {
      if (Finished(error)) return;
      asio::async_write(socket_, asio::buffer(text_), [this](error_code error, size_t) {
        if (Finished(error)) return;
        asio::async_read(socket_, asio::buffer(reply_), [this](error_code error, size_t) {
          if (Finished(error)) return;
          result_.assign(reply_.begin(), reply_.end());
          timer_.cancel();
        });
      });
    });
  }
  const std::string& result() const { return result_; }

 private:
  bool Finished(error_code error) {
    if (!error) return false;
    if (result_.empty()) result_ = error.message();
    timer_.cancel();
    return true;
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  std::string text_;
  std::vector<char> reply_;
  std::string result_;
};

}  // namespace

std::string AsioEcho(const char* address, uint16_t port, const std::string& text) {
  try {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(asio::ip::make_address(address), port));
    asio::write(socket, asio::buffer(text));
    std::string reply(text.size(), ' ');
    asio::read(socket, asio::buffer(reply));
    return reply;
  } catch (const boost::system::system_error& error) {
    return error.code().message();
  }
}

std::string AsioEchoAsync(const char* address, uint16_t port, const std::string& text,
                          int seconds) {
  asio::io_context io(1);
  AsyncEcho echo(io, tcp::endpoint(asio::ip::make_address(address), port), text, seconds);
  io.run();
  return echo.result();
}

}  // namespace drywire
