// A Redis server for tests of Redis clients: the body of a simulated process.
//
// Speaks RESP2 (https://redis.io/docs/reference/protocol-spec) as far as clients here need it:
// arrays of bulk strings in, PING, SET and GET understood, an error for anything else. It serves
// one connection after another, each until its client closes it, then ends.
#ifndef DRYWIRE_TESTS_HARNESS_REDIS_SERVER_H_
#define DRYWIRE_TESTS_HARNESS_REDIS_SERVER_H_

#include <cstdint>
#include <map>
#include <string>

namespace drywire {

struct RedisServerOptions {
  uint16_t port = 6379;
  // How many connections to serve before the process ends.
  int connections = 1;
  std::map<std::string, std::string> values;
  // A GET of this key sends half of the reply and, 10 ms later, a reset.
  std::string resets_in_mid_reply = "half";
};

void ServeRedis(RedisServerOptions options = {});

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_REDIS_SERVER_H_
