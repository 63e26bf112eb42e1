/*
 * X.Org's transport library, by which X clients have connected to their servers since X11R6. Those
 * who use it compile its source as a part of theirs; so does this file, and adds what a test needs
 * to call it without its headers.
 */
#define X11_t
#define TRANS_CLIENT
#define TCPCONN
#define IPv6
#include <X11/Xtrans/transport.c>

/* 0, or a negative number: see TRANS_CONNECT_FAILED and the next ones in Xtrans.h. */
int xtrans_open(const char* address, XtransConnInfo* connection) {
  *connection = _X11TransOpenCOTSClient(address);
  return *connection == NULL ? TRANS_CONNECT_FAILED : _X11TransConnect(*connection, address);
}

int xtrans_write(XtransConnInfo connection, char* data, int size) {
  return _X11TransWrite(connection, data, size);
}

int xtrans_read(XtransConnInfo connection, char* data, int size) {
  return _X11TransRead(connection, data, size);
}

long xtrans_readable(XtransConnInfo connection) {
  BytesReadable_t pending = -1;
  return _X11TransBytesReadable(connection, &pending) < 0 ? -1 : (long)pending;
}

void xtrans_close(XtransConnInfo connection) { _X11TransClose(connection); }

/* The library remembers the addresses of the last host; a new process remembers nothing. */
void xtrans_start(void) {
  if (addrlist == NULL) return;
  if (addrlist->firstaddr != NULL) freeaddrinfo(addrlist->firstaddr);
  free(addrlist);
  addrlist = NULL;
}
