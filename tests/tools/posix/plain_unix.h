/* A server and a client over a UNIX socket, in C that knows nothing of Drywire. */
#ifndef DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_UNIX_H_
#define DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_UNIX_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Listens on `path` for one client, and gives it the reading end of a pipe that holds `text`, then
 * removes the name. Returns the client's user id, or -errno. */
int PlainUnixServe(const char* path, const char* text);

/* Connects to `path`, waiting a second at a time until somebody listens there, and reads what the
 * descriptor it is given leads to. Returns the bytes read, or -errno. */
int PlainUnixFetch(const char* path, char* text, int size);

#ifdef __cplusplus
}
#endif

#endif /* DRYWIRE_TESTS_TOOLS_POSIX_PLAIN_UNIX_H_ */
