/* A client in plain C, compiled against tools/posix/compat.h: see plain_client.c. */
#ifndef DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_CLIENT_H_
#define DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_CLIENT_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Connects to a name and port, says hello, returns how many bytes came back, or -errno. */
int PlainEcho(const char* name, const char* port, int timeout_seconds);

#ifdef __cplusplus
}
#endif

#endif /* DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_CLIENT_H_ */
