// What a service manager is told, by the protocol of sd_notify(3): lines NAME=value in a datagram
// to the socket that $NOTIFY_SOCKET names. Without that variable, or when nobody is there, nothing
// happens. Called by the supervisor; never waits.
#pragma once

#include <string>
#include <string_view>

namespace weir::net {

// True: the datagram was taken.
bool tell_service_manager(std::string_view lines);

// "RELOADING=1" with the time by the clock that systemd compares.
std::string reloading_lines();

}  // namespace weir::net
