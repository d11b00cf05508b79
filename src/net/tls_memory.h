// Memory for OpenSSL. With SSL_MODE_RELEASE_BUFFERS it takes a buffer of a record's size for each
// message that it reads or writes and gives it back at once; these are kept for the thread's next.
#pragma once

namespace weir::net {

// Process-wide, before OpenSSL is used for the first time; later it does nothing.
void keep_tls_buffers();

}  // namespace weir::net
